import { Breach } from './breach.ts';
import type { Tables } from './tables.ts';
import type { Process } from './world.ts';

/** A request on its way. One whose scheduler has died comes to nothing any more. */
interface Sent {
  readonly scheduler: Process | null;
  isSettled: boolean;
}

/** What the schedulers have told their clients, and must keep to. */
export class Promises {
  /** Operations that somebody was told of: they may never be forgotten. */
  readonly #operations = new Set<string>();
  readonly #cancelled = new Set<string>();
  /** Answers by the key of their request. */
  readonly #answers = new Map<string, string>();
  /** Hosts of which somebody was told that they are cordoned, until somebody asks for the other. */
  readonly #cordoned = new Set<string>();
  readonly #uncordons: Sent[] = [];
  /** What each request has begun: an operation of one kind on one object, once. */
  readonly #begun = new Map<string, string>();
  #uncordonsSent = 0;

  /** Rule 4: what was acknowledged is there. @throws Breach */
  checkKept({ operations }: Tables): void {
    for (const id of this.#operations) {
      if (!operations.has(id)) {
        throw new Breach('nothing is lost', `operation ${id} was acknowledged`);
      }
    }
  }

  /** Looks at what one transaction changed. @throws Breach */
  check(before: Tables, after: Tables): void {
    if (before.hosts !== after.hosts) {
      for (const host of this.#cordoned) {
        if (after.hosts.get(host)?.cordonReason !== null) continue;
        throw new Breach('a word is kept', `${host} was cordoned, and is not any more`);
      }
    }
    if (before.operations === after.operations) return;
    for (const { operation } of after.operations.values()) {
      const { id, kind, who, objects, parentId, state } = operation;
      const was = before.operations.get(id)?.operation;
      if (was === operation) continue;
      if (state === 'done' && was?.state !== 'done' && this.#cancelled.has(id))
        throw doneAnyway(id);
      // An apply that finds the fleet changed undoes its removals, and begins them again.
      if (was !== undefined || parentId !== null || kind === 'remove') continue;
      if (!who.includes(keyMark)) continue;
      const what = `${kind} of ${objects.join(', ')} for ${who}`;
      const first = this.#begun.get(what);
      if (first !== undefined) {
        throw new Breach('idempotency', `${what} was begun twice: ${first} and ${id}`);
      }
      this.#begun.set(what, id);
    }
  }

  /** @param answer what a request of this key was answered with @returns the breach, null for none */
  answered(key: string, answer: unknown): Breach | null {
    const text = JSON.stringify(answer);
    const before = this.#answers.get(key);
    this.#answers.set(key, before ?? text);
    if (before === undefined || before === text) return null;
    return new Breach('idempotency', `key ${key} was answered ${before}, and then ${text}`);
  }

  acknowledged(id: string): void {
    this.#operations.add(id);
  }

  /** @returns the breach, null for none */
  cancelled(id: string, { operations }: Tables): Breach | null {
    this.#cancelled.add(id);
    return operations.get(id)?.operation.state === 'done' ? doneAnyway(id) : null;
  }

  /** @returns to be called once the request was answered */
  uncordon(host: string, scheduler: Process | null): () => void {
    this.#cordoned.delete(host);
    const sent = { scheduler, isSettled: false };
    this.#uncordons.push(sent);
    this.#uncordonsSent += 1;
    return () => {
      sent.isSettled = true;
    };
  }

  /** A cordon is asked for. @returns to be called once that was acknowledged, with the hosts then */
  cordon(host: string): (tables: Tables) => Breach | null {
    const sent = this.#uncordonsSent;
    const isAlone = this.#isUncordonLess;
    return ({ hosts }) => {
      // Of two that are under way at once, either may be the last.
      if (!isAlone || this.#uncordonsSent !== sent) return null;
      this.#cordoned.add(host);
      if (hosts.get(host)?.cordonReason !== null) return null;
      return new Breach('a word is kept', `${host} is said to be cordoned, and is not`);
    };
  }

  get #isUncordonLess(): boolean {
    return this.#uncordons.every(({ scheduler, isSettled }) => isSettled || !scheduler?.isAlive);
  }
}

/** Parts a client's name from its request's key, where operations say who asked for them. */
export const keyMark = ' by key ';

function doneAnyway(id: string): Breach {
  return new Breach('a word is kept', `operation ${id} was cancelled, and is done`);
}
