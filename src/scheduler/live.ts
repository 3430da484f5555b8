import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import {
  changeText,
  type KeptOverride,
  type LiveChange,
  mergedOverride,
  overrideName,
  overridesMax,
} from '../domain/live.ts';
import type { Assignment, Instance } from '../domain/model.ts';
import { instanceObject } from '../domain/operation.ts';
import { runtimeFile } from '../haproxy/attachments.ts';
import { busy } from '../operations/locks.ts';
import { type LiveSubject, liveShown } from '../protocol/live-frames.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { Agents } from './agents.ts';

/** HAProxy answers in milliseconds; the agent gives it two seconds a command. */
const askTimeoutMs = 10_000;

export interface LiveParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly agents: Pick<Agents, 'ask'>;
  /** Sends the hosts what is desired now. */
  readonly push: () => Promise<void>;
}

/** Why a change is made and by whom, and whether it is kept. */
export interface LiveOrder {
  readonly who: string;
  readonly reason: string;
  /** Whether every later load, failover and migration is to have it too. */
  readonly isKept: boolean;
}

/** Looks into running HAProxys and changes them without a reload. */
export class Live {
  readonly #parts: LiveParts;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** HAProxy's own answer. @throws BridgeheadError NOT_FOUND, SOURCE_MISMATCH, AGENT_DISCONNECTED */
  async show(name: InstanceName, subject: LiveSubject): Promise<string> {
    const { instance, assignment } = await this.#read((tx) => placed(tx, name));
    const { host, epoch } = assignment;
    const about = namedSubject(instance, subject);
    const body = { kind: 'live-show', instance: instance.id, epoch, subject: about } as const;
    return liveShown.parse(await this.#parts.agents.ask(host, body, askTimeoutMs)).text;
  }

  /** What is kept for an instance. @throws BridgeheadError NOT_FOUND */
  async kept(name: InstanceName): Promise<readonly KeptOverride[]> {
    return this.#read(async (tx) => {
      const { id } = await find(tx, name);
      return (await tx.overrides()).get(id) ?? [];
    });
  }

  /**
   * Makes a change and, once HAProxy shows it, records who made it and why.
   *
   * @throws BridgeheadError BUSY while an operation holds the instance; NOT_FOUND; LIVE_REFUSED where
   * HAProxy does not do it; NO_CAPACITY where too much is kept already
   */
  async change(name: InstanceName, asked: LiveChange, order: LiveOrder): Promise<void> {
    const { store, clock, agents, push } = this.#parts;
    const { instance, assignment } = await this.#read(async (tx) => {
      await this.#demandFree(tx, name);
      return placed(tx, name);
    });
    const { host, epoch } = assignment;
    const change = namedChange(instance, asked);
    const body = { kind: 'live-set', instance: instance.id, epoch, change } as const;
    await agents.ask(host, body, askTimeoutMs);
    await store.transact(async (tx) => {
      const { id } = await find(tx, name);
      if (order.isKept && change.kind !== 'table')
        await keep(tx, id, change, order, clock.wallMs());
      await tx.addEvent({
        atMs: clock.wallMs(),
        kind: 'instance.live-change',
        object: instanceObject(name),
        message: `${changeText(change)}${order.isKept ? ', kept' : ''}, by ${because(order)}`,
      });
    });
    if (order.isKept) await push();
  }

  /**
   * Keeps something no longer. What runs is left as it is until its next load.
   *
   * @param asked as `overrideName` has it; an attachment by any of its names
   * @throws BridgeheadError NOT_FOUND
   */
  async forget(name: InstanceName, asked: string, order: Omit<LiveOrder, 'isKept'>): Promise<void> {
    const { store, clock, push } = this.#parts;
    await store.transact(async (tx) => {
      const instance = await find(tx, name);
      const { id } = instance;
      const what = namedWhat(instance, asked);
      const own = (await tx.overrides()).get(id) ?? [];
      if (!own.some(({ override }) => overrideName(override) === what)) {
        throw new BridgeheadError(
          'NOT_FOUND',
          `instance ${name} keeps nothing about ${what}`,
          `See what it keeps: bridgehead override list ${name}`,
        );
      }
      await tx.deleteOverride(id, what);
      await tx.addEvent({
        atMs: clock.wallMs(),
        kind: 'instance.override-removed',
        object: instanceObject(name),
        message: `${what} is kept no longer, by ${because(order)}`,
      });
    });
    await push();
  }

  #read<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return this.#parts.store.transact(work, 'snapshot');
  }

  // An operation may load another configuration or move the instance at any moment: what is changed
  // now would be gone, or hinder it.
  async #demandFree(tx: Transaction, name: InstanceName): Promise<void> {
    const object = instanceObject(name);
    const holder = (await tx.openOperations()).find(
      ({ state, objects }) => state === 'running' && objects.includes(object),
    );
    if (holder === undefined) return;
    throw busy(object, holder, await tx.sessions(), this.#parts.clock.wallMs());
  }
}

// HAProxy knows an attachment by where it is in the container, people by its name.
function fileOf({ spec }: Instance, file: string): string {
  return runtimeFile(spec.attachments, file);
}

function namedSubject(instance: Instance, subject: LiveSubject): LiveSubject {
  return subject.what === 'map' || subject.what === 'acl'
    ? { ...subject, of: fileOf(instance, subject.of) }
    : subject;
}

function namedChange(instance: Instance, change: LiveChange): LiveChange {
  return change.kind === 'map' || change.kind === 'acl'
    ? { ...change, file: fileOf(instance, change.file) }
    : change;
}

function namedWhat(instance: Instance, what: string): string {
  const [, kind, file = '', key] = /^(map|acl) (\S+) (.+)$/.exec(what) ?? [];
  return kind === undefined ? what : `${kind} ${fileOf(instance, file)} ${key}`;
}

async function keep(
  tx: Transaction,
  id: Instance['id'],
  change: Exclude<LiveChange, { kind: 'table' }>,
  { who, reason }: LiveOrder,
  atMs: number,
): Promise<void> {
  const own = (await tx.overrides()).get(id) ?? [];
  const name = overrideName(change);
  const before = own.find(({ override }) => overrideName(override) === name)?.override;
  if (before === undefined && own.length >= overridesMax) {
    throw new BridgeheadError(
      'NO_CAPACITY',
      `the change is made, but not kept: ${overridesMax} are kept of this instance already`,
      'Write into its configuration what is to last, and remove what is kept: bridgehead override list',
    );
  }
  await tx.putOverride(id, { override: mergedOverride(before, change), who, reason, atMs });
}

async function find(tx: Transaction, name: InstanceName): Promise<Instance> {
  const instance = await tx.instanceNamed(name);
  if (instance !== null) return instance;
  throw new BridgeheadError(
    'NOT_FOUND',
    `instance ${name} does not exist`,
    'See what there is: bridgehead get instances',
  );
}

async function placed(
  tx: Transaction,
  name: InstanceName,
): Promise<{ readonly instance: Instance; readonly assignment: Assignment }> {
  const instance = await find(tx, name);
  const { assignments } = await tx.fleet();
  const assignment = assignments.find(({ instanceId }) => instanceId === instance.id);
  if (assignment?.granted === true) return { instance, assignment };
  throw new BridgeheadError(
    'SOURCE_MISMATCH',
    `instance ${name} answers nowhere now`,
    `Look at why: bridgehead describe instance ${name}`,
  );
}

function because({ who, reason }: Omit<LiveOrder, 'isKept'>): string {
  return reason === '' ? who : `${who}: ${reason}`;
}
