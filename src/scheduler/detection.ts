import { randomBytes } from 'node:crypto';
import type { Timings } from '../detection/timings.ts';
import type { Verdict } from '../detection/verdict.ts';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { Host } from '../domain/model.ts';
import { hostObject, type Operation } from '../domain/operation.ts';
import type { OperationEngine } from '../operations/engine.ts';
import { type FailoverCause, failOver, failoverTargets } from '../operations/failover.ts';
import { findHost } from '../operations/find-host.ts';
import type { WitnessFrame } from '../protocol/pulse-frames.ts';
import type { HostWitnesses, Store, Transaction } from '../store/store.ts';
import type { Agents } from './agents.ts';
import { DeadHosts } from './dead-hosts.ts';
import { Detector, type Proof } from './detector.ts';
import { PowerFencing, type PowerOff } from './power-fencing.ts';
import { bridgeAddress, pulseTellings, setsOf, setsToChange } from './pulse-tellings.ts';
import type { ReadFleet } from './remembered-fleet.ts';

const secretName = 'pulse.secret';
/** Why nothing is failed over; not there where it is. */
const disarmedSetting = 'failover.disarmed';
const secretBytes = 32;
/** How long a host whose agent is gone stays a witness of others. */
const graceMs = 15_000;
/** What is said of one host's panic within this time is said once: a forger gets no more. */
const hurryAgainMs = 5_000;

export interface DetectionParts {
  readonly store: Store;
  /** How each look reads the fleet. */
  readonly readFleet: ReadFleet;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly session: () => string;
  readonly agents: Agents;
  readonly engine: OperationEngine;
  /**
   * Makes what hosts are to be told by this transaction.
   *
   * @returns what tells it, once that holds, with how long from then a silent host may still answer
   */
  readonly prepareTelling: (
    tx: Transaction,
    hosts: readonly HostName[],
  ) => Promise<(waitMs: number) => void>;
  /** A failover has been written: hosts are to be told, and what has no host is to be placed. */
  readonly onFailover: () => void;
  /** Powers a host off; null where nothing can. */
  readonly powerOff: PowerOff | null;
  /** For people. */
  readonly event: (kind: string, object: string, message: string) => void;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Who witnesses whom, what witnesses say, which hosts are silent, and when they are back. */
export class Detection {
  readonly #parts: DetectionParts;
  readonly #detector: Detector;
  /** What each agent was last told, as text, so that it is told again only what differs. */
  readonly #told = new Map<HostName, string>();
  /** When each host was last connected to any scheduler, monotonic. */
  readonly #seenMs = new Map<HostName, number>();
  readonly #deadHosts: DeadHosts;
  readonly #power: PowerFencing;
  /** Hosts by the addresses of their bridges. */
  #hostAt: ReadonlyMap<string, HostName> = new Map();
  #names: ReadonlySet<string> = new Set();
  /** When each host's witnesses were last hurried, monotonic. */
  readonly #hurriedMs = new Map<HostName, number>();
  /** Of what the sets were drawn when nothing was left to change. */
  #settledFor = '';
  readonly #startedMs: number;
  #secret: string | null = null;

  constructor(parts: DetectionParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
    const { clock, timings, session, agents } = parts;
    this.#detector = new Detector({
      ...{ clock, timings, session },
      promise: (witness, body) => agents.send(witness, { type: 'promise', ...body }),
      resume: (witness, body) => agents.send(witness, { type: 'resume', ...body }),
      silenced: (host, proof) => this.#failOver(host, proof),
      held: (host, why, { reasons }) =>
        parts.event('failover.held', hostObject(host), `${why} (${reasons.join('; ')})`),
    });
    this.#deadHosts = new DeadHosts({ ...parts, detector: this.#detector });
    this.#power = new PowerFencing({
      ...parts,
      detector: this.#detector,
      confirm: (host, reason) => this.#confirm(host, reason),
    });
  }

  hear(witness: HostName, frame: WitnessFrame): void {
    this.#detector.hear(witness, frame);
  }

  verdict(host: HostName): Verdict {
    return this.#detector.verdict(host);
  }

  /** An agent is new here: it was told nothing yet. */
  greet(host: HostName): void {
    this.#told.delete(host);
  }

  /** A host's kernel goes by this version of its set now, and by no older one. */
  async took(host: HostName, version: number): Promise<void> {
    await this.#parts.store.transact((tx) => tx.confirmWitnesses(host, version), 'rows');
  }

  /**
   * Somebody says, by the address of a host's bridge, that it has panicked. Anybody can: it is told,
   * and its witnesses ask at once, so that their silence comes sooner.
   */
  lastWords(address: string, words: string): void {
    const { clock, event } = this.#parts;
    const host = this.#hostAt.get(address);
    if (host === undefined) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#hurriedMs.get(host) ?? Number.NEGATIVE_INFINITY) < hurryAgainMs) return;
    this.#hurriedMs.set(host, nowMs);
    this.hurry(host);
    event('host.last-words', hostObject(host), `said from ${address}: ${words}`);
  }

  /** The enrolled host that has this address on a bridge, else the one of that name; null for none. */
  hostOf(address: string, name: string): HostName | null {
    return this.#hostAt.get(address) ?? (this.#names.has(name) ? (name as HostName) : null);
  }

  /** Has a host's witnesses find out at once whether it lives. */
  hurry(host: HostName): void {
    for (const witness of this.#parts.agents.connected) {
      if (witness !== host) this.#parts.agents.send(witness, { type: 'hurry', host });
    }
  }

  stop(): void {
    this.#detector.stop();
  }

  /** Brings sets, agents and fences up to date. @returns what it did, in a few words */
  async sync(): Promise<string> {
    const { store, readFleet, session, timings, agents } = this.#parts;
    const secret = await this.#secretOf();
    const asOfMs = this.#parts.clock.monotonicMs();
    const [fleet, rest] = await readFleet(readRest);
    const known = { fleet, ...rest };
    const mayWitness = this.#mayWitness(known.fleet.hosts);
    const changed = this.#setsToChange(known.fleet.hosts, known.sets, mayWitness);
    if (changed.length > 0) {
      await store.transact(async (tx) => {
        const { hosts } = await tx.fleet();
        const sets = setsToChange(hosts, await tx.witnessSets(), mayWitness);
        for (const set of sets) await tx.putWitnesses(set);
      });
    }
    const sets =
      changed.length === 0
        ? known.sets
        : await store.transact((tx) => tx.witnessSets(), 'snapshot');
    const { hosts } = known.fleet;
    this.#hostAt = new Map(hosts.flatMap(addressesOf));
    this.#names = new Set(hosts.map(({ name }) => name));
    const fenced = new Set(hosts.flatMap(({ name, state }) => (state === 'dead' ? name : [])));
    const alive = new Set(known.sessions.flatMap(({ id, isAlive }) => (isAlive ? id : [])));
    const enrolled = hosts.filter(({ facts }) => facts !== null).length;
    const { disarmed } = known;
    const knowledge = { sets, fenced, alive, enrolled, disarmed };
    this.#detector.know(knowledge, asOfMs);
    const [first] = [...alive].toSorted();
    this.#power.look(hosts, knowledge, first === session());
    let told = 0;
    const hears = (witness: HostName, of: HostName) => this.#detector.hears(witness, of);
    const source = { session: session(), timings, secret, hosts, sets, hears };
    for (const [host, frame] of pulseTellings(agents.connected, source)) {
      const text = JSON.stringify(frame);
      if (this.#told.get(host) === text) continue;
      agents.send(host, frame);
      this.#told.set(host, text);
      told += 1;
    }
    const back = await this.#deadHosts.seeTo(known.fleet, known.fences);
    return `changed ${changed.length} sets, told ${told} agents, ${fenced.size - back} hosts are dead`;
  }

  // Every host draws its witnesses from all others, which is too much work to do each second: once
  // nothing was to change, nothing is until the hosts or the sets are others.
  #setsToChange(
    hosts: readonly Host[],
    sets: readonly HostWitnesses[],
    mayWitness: (host: Host) => boolean,
  ): readonly HostWitnesses[] {
    const drawnFrom = JSON.stringify([
      hosts.map((host) => {
        const { name, zone, rack, state } = host;
        return [name, zone, rack, state, bridgeAddress(host), mayWitness(host)];
      }),
      sets.map(({ host, version }) => [host, version]),
    ]);
    if (drawnFrom === this.#settledFor) return [];
    const changed = setsToChange(hosts, sets, mayWitness);
    if (changed.length === 0) this.#settledFor = drawnFrom;
    return changed;
  }

  // An agent that is gone for a moment, to be restarted say, stays a witness: its grants hold longer
  // than that takes.
  #mayWitness(hosts: readonly Host[]): (host: Host) => boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const { name, state } of hosts) if (state === 'ready') this.#seenMs.set(name, nowMs);
    return ({ name, state }) =>
      state !== 'dead' && nowMs - (this.#seenMs.get(name) ?? this.#startedMs) < graceMs;
  }

  async #failOver(host: HostName, proof: Proof): Promise<boolean> {
    const { verdict, lastHeardMs, endMs } = proof;
    const { clock, log } = this.#parts;
    const versions = (sets: readonly { readonly version: number }[]) =>
      sets.map(({ version }) => version).join();
    const before = versions(setsOf(host, this.#detector.sets));
    const offsetMs = clock.wallMs() - clock.monotonicMs();
    const wallMs = (monotonicMs: number) => Math.round(monotonicMs + offsetMs);
    const cause = {
      host,
      reasons: verdict.reasons,
      lastHeardMs: lastHeardMs === null ? null : wallMs(lastHeardMs),
      suspectedMs: wallMs(proof.suspectedMs),
      provenMs: wallMs(proof.provenMs),
      silencedMs: wallMs(endMs),
      waitMs: Math.ceil(Math.max(0, endMs - clock.monotonicMs())),
    };
    const isStillProven = async (tx: Transaction) =>
      versions(setsOf(host, await tx.witnessSets())) === before;
    try {
      await this.#fence(cause, endMs, isStillProven);
      return true;
    } catch (error) {
      log('cannot fail a host over', { host, error: String(error) });
      return false;
    }
  }

  /**
   * Takes a person's word that a host is off, where its witnesses cannot prove it: it is fenced, and
   * what it held is given to others.
   *
   * @throws BridgeheadError HOST_ALIVE where anybody hears it; NOT_FOUND
   */
  async confirmDead(host: HostName, who: string, reason: string): Promise<Operation | null> {
    const { store, agents } = this.#parts;
    const { hosts } = await store.transact((tx) => tx.fleet(), 'snapshot');
    findHost(hosts, host);
    const heard = this.#detector.heardBy(host);
    if (agents.isConnected(host)) throw isAlive(host, 'its agent is connected');
    if (heard.length > 0) throw isAlive(host, `${heard.join(', ')} hear it`);
    const why = `${who} says that it is off${reason === '' ? '' : `: ${reason}`}`;
    return this.#confirm(host, why);
  }

  #confirm(host: HostName, reason: string): Promise<Operation | null> {
    const { clock } = this.#parts;
    const nowMs = clock.wallMs();
    const silence = { suspectedMs: nowMs, provenMs: nowMs, silencedMs: nowMs };
    const times = { lastHeardMs: null, ...silence, waitMs: 0 };
    const cause = { host, reasons: [reason], ...times };
    return this.#fence(cause, clock.monotonicMs(), async (tx) => !(await isConnected(tx, host)));
  }

  async #fence(
    cause: FailoverCause,
    endMs: number,
    isTrue: (tx: Transaction) => Promise<boolean>,
  ): Promise<Operation | null> {
    const { store, clock, session, engine, prepareTelling, onFailover } = this.#parts;
    // The one that the proof was given to: a later one of this scheduler's was told nothing yet.
    const own = session();
    const fenced = await store.transact(async (tx) => {
      // Whoever has lost its lease may have been spoken for: others told witnesses to go on.
      const isHolder = (await tx.sessions()).some((one) => one.id === own && one.isAlive);
      if (!isHolder || !(await isTrue(tx))) return null;
      const operation = await failOver(tx, engine, cause, clock.wallMs());
      if (operation === null) return null;
      // What the standbys' hosts are to be told is made here and now: every reading counts.
      return { operation, tell: await prepareTelling(tx, failoverTargets(operation)) };
    });
    if (fenced === null) return null;
    this.#detector.fenced(cause.host);
    fenced.tell(Math.max(0, endMs - clock.monotonicMs()));
    engine.launch(fenced.operation);
    onFailover();
    return fenced.operation;
  }

  /** Stops or starts failing over, for all schedulers. @param reason why not; null to go on */
  async setDisarmed(reason: string | null, who: string): Promise<void> {
    const { store, clock } = this.#parts;
    await store.transact(async (tx) => {
      await tx.putSetting(disarmedSetting, reason === null ? '' : reason || 'no reason was given');
      const kind = reason === null ? 'failover.armed' : 'failover.disarmed';
      const why = reason === null || reason === '' ? '' : `: ${reason}`;
      const message = `by ${who}${why}`;
      await tx.addEvent({ atMs: clock.wallMs(), kind, object: 'fleet', message });
    });
    await this.sync();
  }

  /** Why nothing is failed over; null where it is. */
  async disarmed(): Promise<string | null> {
    return this.#parts.store.transact(whyDisarmed);
  }

  async #secretOf(): Promise<string> {
    this.#secret ??= await this.#parts.store.transact(async (tx) => {
      const known = await tx.secret(secretName);
      if (known !== null) return known;
      const fresh = randomBytes(secretBytes).toString('hex');
      await tx.putSecret(secretName, fresh);
      return fresh;
    });
    return this.#secret;
  }
}

function addressesOf({ name, facts }: Host): readonly (readonly [string, HostName])[] {
  const bridges = facts?.bridges ?? [];
  return bridges.flatMap(({ addresses }) => addresses.map((address) => [address, name] as const));
}

async function readRest(tx: Transaction) {
  return {
    fences: await tx.fences(),
    sets: await tx.witnessSets(),
    sessions: await tx.sessions(),
    disarmed: await whyDisarmed(tx),
  };
}

/** Why the fleet does nothing by itself about hosts that are lost; null where it does. */
export async function whyDisarmed(tx: Transaction): Promise<string | null> {
  const setting = await tx.setting(disarmedSetting);
  // An empty one is what arming leaves behind.
  return setting === '' ? null : setting;
}

async function isConnected(tx: Transaction, host: HostName): Promise<boolean> {
  const { hosts } = await tx.fleet();
  return hosts.find(({ name }) => name === host)?.state === 'ready';
}

function isAlive(host: HostName, why: string): BridgeheadError {
  return new BridgeheadError(
    'HOST_ALIVE',
    `host ${host} is not dead: ${why}`,
    `Power it off, or move what it has: bridgehead drain ${host}`,
  );
}
