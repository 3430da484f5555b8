import type { InstanceSpec } from '../src/domain/model.ts';
import { parseSpec } from '../src/spec/parse.ts';
import { Breach } from './breach.ts';
import type { Tables } from './tables.ts';

/** One request to take a spec. */
interface Apply {
  /** What it says of each instance, by name. */
  readonly instances: ReadonlyMap<string, string>;
  readonly prune: boolean;
  readonly sentAt: number;
  /** How often it is on its way now: an attempt whose scheduler died stays so for ever. */
  underWay: number;
  /** When its client last had an answer, good or bad. */
  endedAt: number;
}

/**
 * Rule 4 for what was applied: the store has what an acknowledged spec says of each instance, unless
 * another request that was under way then, or was sent later, may have changed it since.
 */
export class AcknowledgedSpecs {
  /** By the key of the request: sent again, it is the same one. */
  readonly #applies = new Map<string, Apply>();
  /** The last acknowledged word on each instance. */
  readonly #words = new Map<string, Apply>();
  #moments = 0;

  /** A spec is sent. @returns to be told how that ended; the breach, null for none */
  send(
    key: string,
    text: string,
    prune: boolean,
  ): (isTaken: boolean, tables: Tables) => Breach | null {
    const apply = this.#applies.get(key) ?? this.#fresh(text, prune);
    this.#applies.set(key, apply);
    apply.underWay += 1;
    return (isTaken, tables) => {
      apply.underWay -= 1;
      apply.endedAt = this.#now();
      if (!isTaken) return null;
      for (const name of apply.instances.keys()) {
        const before = this.#words.get(name);
        // An answer that comes late, to a request that was repeated, is no newer word.
        if (before === undefined || before.sentAt < apply.sentAt) this.#words.set(name, apply);
      }
      return this.find(tables);
    };
  }

  /** @returns the first acknowledged word that the store does not have any more */
  find({ instances }: Tables): Breach | null {
    const rows = new Map(
      [...instances.values()].map(({ instance: { spec } }) => [spec.name as string, spec]),
    );
    for (const [name, apply] of this.#words) {
      const row = rows.get(name);
      const now = row === undefined ? null : wordsOf(row);
      if (now === apply.instances.get(name)) continue;
      const isChanged = [...this.#applies.values()].some(
        (other) =>
          (other.underWay > 0 || other.endedAt > apply.sentAt) &&
          (now === null
            ? other.prune && !other.instances.has(name)
            : other.instances.get(name) === now),
      );
      if (!isChanged) {
        const said = `${apply.instances.get(name)}, has ${now}`;
        return new Breach('nothing is lost', `what was applied to ${name} is gone: ${said}`);
      }
    }
    return null;
  }

  #fresh(text: string, prune: boolean): Apply {
    const { spec } = parseSpec(text, 's', { pools: [], instances: [] });
    const instances = new Map((spec?.instances ?? []).map((one) => [one.name, wordsOf(one)]));
    return { instances, prune, sentAt: this.#now(), underWay: 0, endedAt: 0 };
  }

  #now(): number {
    this.#moments += 1;
    return this.#moments;
  }
}

function wordsOf({ image, tier, addresses, config }: InstanceSpec): string {
  return JSON.stringify([image, tier, addresses.map(({ address }) => address), config]);
}
