import { createHash } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import {
  type AgentFrame,
  type AgentRequest,
  protocolVersion,
  type SchedulerFrame,
} from '../protocol/frames.ts';
import type { InstanceLogFrame } from '../protocol/instance-log-frames.ts';
import type { KernelFrame } from '../protocol/kernel-frames.ts';
import type { InstanceNumbers } from '../protocol/number-frames.ts';
import type { WitnessFrame } from '../protocol/pulse-frames.ts';
import type { Observation } from '../store/store.ts';
import type { AgentStream } from './agent-stream.ts';
import { AgentVoice } from './agent-voice.ts';

/** What the scheduler does when an agent says something. */
export interface AgentsListener {
  onHello(host: HostName, facts: HostFacts, instances: readonly ObservedInstance[]): void;
  onFacts(host: HostName, facts: HostFacts): void;
  onObserved(
    host: HostName,
    instances: readonly ObservedInstance[],
    removed: readonly InstanceId[],
  ): void;
  onEvent(host: HostName, event: { kind: string; object: string; message: string }): void;
  onGone(host: HostName, reason: string): void;
  onWitness(witness: HostName, frame: WitnessFrame): void;
  /** Numbers of instances that the host has said it holds. */
  onNumbers(host: HostName, numbers: readonly InstanceNumbers[]): void;
  onPulseTook(host: HostName, version: number): void;
  /** @returns whether it is kept; the agent sends again what is not */
  onKernel(host: HostName, frame: KernelFrame): Promise<boolean>;
  /** The same of what an instance's container has printed. */
  onInstanceLog(host: HostName, frame: InstanceLogFrame): Promise<boolean>;
}

interface Session {
  readonly stream: AgentStream;
  readonly observed: Map<InstanceId, ObservedInstance>;
  readonly voice: AgentVoice;
  readonly waiting: Map<number, Waiting>;
  greeted: boolean;
  /** Of the boot that its host is in; '' before it said hello. */
  boot: string;
  /** Of the agent's last hello that was taken: a word from before it is void. */
  seq: number;
  /** Of its last word on each instance: one that comes late, or twice, is not taken. */
  readonly seqs: Map<InstanceId, number>;
  /** Of what the host was sent last or, if that is later, has said that it keeps to. */
  digest: string;
  /** What it has said that it keeps to, and of which revision; null before it said anything. */
  took: { readonly digest: string; readonly revision: number } | null;
  /** Of what it was told last. */
  toldRevision: number;
  /** It is to be told of a later one than this, though it be the same. */
  awaitedRevision: number;
  /** What the host was to be told and cannot, for its size; null for nothing. */
  untellable: { readonly digest: string; readonly error: BridgeheadError } | null;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const requestsMax = 256;

/** The agents that are connected to this scheduler, and what each last said. */
export class Agents {
  readonly #sessions = new Map<HostName, Session>();
  readonly #listener: AgentsListener;
  readonly #clock: Clock;
  readonly #watchers = new Set<() => void>();
  #nextRequest = 1;

  constructor(listener: AgentsListener, clock: Clock) {
    this.#listener = listener;
    this.#clock = clock;
  }

  /** Takes over a stream whose peer has proven that it is the agent of `stream.host`. */
  attach(stream: AgentStream): void {
    const session: Session = {
      stream,
      observed: new Map(),
      voice: new AgentVoice(stream.host),
      waiting: new Map(),
      greeted: false,
      ...{ boot: '', seq: 0, seqs: new Map(), digest: '' },
      took: null,
      toldRevision: 0,
      awaitedRevision: -1,
      untellable: null,
    };
    this.#sessions.set(stream.host, session);
    stream.onFrame((frame) => this.#receive(session, frame));
    stream.onClose((reason) => this.#drop(session, reason));
  }

  /** Hosts whose agents are connected and have said hello. */
  get connected(): readonly HostName[] {
    return [...this.#sessions].filter(([, { greeted }]) => greeted).map(([host]) => host);
  }

  /** Id of the boot that a connected host is in; '' where that is not known. */
  bootOf(host: string): string {
    return this.#sessions.get(host as HostName)?.boot ?? '';
  }

  isConnected(host: HostName): boolean {
    return this.#sessions.get(host)?.greeted ?? false;
  }

  /** What the host's agent last saw of the instance; null where it sees none or is not connected. */
  observed(host: HostName, id: InstanceId): ObservedInstance | null {
    return this.#sessions.get(host)?.observed.get(id) ?? null;
  }

  /** All that the host's agent last saw. */
  observations(host: HostName): readonly Pick<Observation, 'host' | 'instance'>[] {
    const observed = this.#sessions.get(host)?.observed.values() ?? [];
    return [...observed].map((instance) => ({ host, instance }));
  }

  /**
   * True where the host has said that it keeps to this as of a later revision than the given one.
   * The same may have been told before it was granted something: its word on that, or one that is
   * late, says nothing of what it does now. Where it has not said so, it is told again.
   */
  hasTakenAfter(host: HostName, revision: number, instances: readonly DesiredInstance[]): boolean {
    const session = this.#sessions.get(host);
    if (session === undefined) return false;
    session.awaitedRevision = revision;
    const { took } = session;
    return took !== null && took.revision > revision && took.digest === digestOf(instances);
  }

  /** Sends a frame that expects no answer. Nothing happens where the agent is not connected. */
  send(host: HostName, frame: SchedulerFrame): void {
    const { stream, voice } = this.#sessions.get(host) ?? {};
    if (frame.type === 'certificates') voice?.give('certificate', frame.items);
    stream?.send(frame);
  }

  /**
   * True where the host keeps to something else, whoever told it, or was told nothing yet; false
   * also for what was found too large to be told.
   */
  isNews(host: HostName, instances: readonly DesiredInstance[]): boolean {
    const session = this.#sessions.get(host);
    if (session?.greeted !== true) return false;
    // Asked with what the store has for the host, also where another scheduler told it.
    session.voice.give('instance', instances);
    const digest = digestOf(instances);
    const isAwaited = session.toldRevision <= session.awaitedRevision;
    return (isAwaited || digest !== session.digest) && digest !== session.untellable?.digest;
  }

  /** Why the host cannot be told this; null where it can, as far as is known. */
  untellable(host: HostName, instances: readonly DesiredInstance[]): BridgeheadError | null {
    const known = this.#sessions.get(host)?.untellable ?? null;
    return known?.digest === digestOf(instances) ? known.error : null;
  }

  /**
   * To be called once all have been told: it is in the status while it lasts.
   *
   * @throws BridgeheadError why one of the hosts cannot be told this
   */
  checkTellable(tellings: ReadonlyMap<HostName, readonly DesiredInstance[]>): void {
    const errors = [...tellings].flatMap((one) => this.untellable(...one) ?? []);
    if (errors[0] !== undefined) throw errors[0];
  }

  /**
   * Sends a host what it is to do, unless that is what it keeps to. What is too large to be sent
   * becomes an event, once; the host goes on with what it has.
   *
   * @param revision grows from telling to telling over all schedulers
   */
  tell(host: HostName, revision: number, instances: readonly DesiredInstance[]): boolean {
    const session = this.#sessions.get(host);
    if (session === undefined || !this.isNews(host, instances)) return false;
    const digest = digestOf(instances);
    try {
      session.stream.send({ type: 'desired', revision, digest, instances });
    } catch (error) {
      if (!(error instanceof BridgeheadError)) throw error;
      session.untellable = { digest, error };
      const message = `${error.message}. ${error.next}`;
      this.#listener.onEvent(host, { kind: 'desired.too-large', object: `host/${host}`, message });
      return false;
    }
    session.digest = digest;
    session.toldRevision = revision;
    session.untellable = null;
    return true;
  }

  /**
   * Asks an agent something and waits for its answer.
   *
   * @throws BridgeheadError what the agent refused with; AGENT_DISCONNECTED; AGENT_TIMEOUT
   */
  async ask(host: HostName, body: AgentRequest, timeoutMs: number): Promise<unknown> {
    const session = this.#sessions.get(host);
    if (session === undefined || !session.greeted) throw disconnected(host, 'not connected');
    if (session.waiting.size >= requestsMax) throw disconnected(host, 'too many open questions');
    const id = this.#nextRequest;
    this.#nextRequest += 1;
    const over = new AbortController();
    try {
      return await new Promise((resolve, reject) => {
        session.waiting.set(id, { resolve, reject });
        this.#clock.sleep(timeoutMs, over.signal).then(
          () => reject(timedOut(host, body.kind, timeoutMs)),
          () => undefined,
        );
        session.stream.send({ type: 'request', id, timeoutMs, body });
      });
    } finally {
      session.waiting.delete(id);
      over.abort('over');
    }
  }

  /**
   * Waits until `condition` holds. It is tried whenever an agent says something, comes or goes.
   *
   * @returns false when it did not hold within `timeoutMs`
   */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return true;
    const over = new AbortController();
    let watcher: (() => void) | null = null;
    try {
      return await new Promise<boolean>((resolve) => {
        watcher = () => {
          if (condition()) resolve(true);
        };
        this.#watchers.add(watcher);
        this.#clock.sleep(timeoutMs, over.signal).then(
          () => resolve(false),
          () => undefined,
        );
      });
    } finally {
      if (watcher !== null) this.#watchers.delete(watcher);
      over.abort('over');
    }
  }

  #receive(session: Session, frame: AgentFrame): void {
    const { host } = session.stream;
    if (this.#sessions.get(host) !== session) return;
    if (!session.greeted && frame.type !== 'hello') return;
    switch (frame.type) {
      case 'hello':
        if (frame.protocol !== protocolVersion) {
          session.stream.close(
            `this scheduler speaks protocol ${protocolVersion}, you ${frame.protocol}`,
          );
          return;
        }
        if (frame.seq <= session.seq) return;
        session.greeted = true;
        session.seq = frame.seq;
        session.boot = frame.facts.bootId;
        session.observed.clear();
        for (const instance of frame.instances) session.observed.set(instance.id, instance);
        this.#listener.onHello(host, frame.facts, frame.instances);
        break;
      case 'took':
        // What a host keeps to only ever gets newer.
        if (frame.revision < (session.took?.revision ?? 0)) break;
        session.digest = frame.digest;
        session.took = frame;
        break;
      case 'witness':
        this.#listener.onWitness(host, frame);
        break;
      case 'pulse-took':
        this.#listener.onPulseTook(host, frame.version);
        break;
      case 'numbers': {
        // Nobody waits for numbers, so none of those who wait is woken.
        const { observed } = session;
        const ofIts = frame.instances.filter(({ instance }) => observed.has(instance));
        this.#listener.onNumbers(host, ofIts);
        return;
      }
      case 'kernel':
        void this.#takeKernel(session, frame);
        return;
      case 'instance-log':
        void this.#takeInstanceLog(session, frame);
        return;
      case 'facts':
        session.boot = frame.facts.bootId;
        this.#listener.onFacts(host, frame.facts);
        break;
      case 'observed':
        this.#observe(session, frame);
        break;
      case 'event':
        this.#listener.onEvent(host, session.voice.event(frame));
        break;
      case 'reply':
        session.waiting.get(frame.id)?.resolve(frame.result);
        break;
      case 'refusal':
        session.waiting.get(frame.id)?.reject(BridgeheadError.from(frame.error));
        break;
      case 'heartbeat':
        break;
    }
    this.#wakeWatchers();
  }

  async #takeKernel({ stream }: Session, frame: KernelFrame): Promise<void> {
    const isKept = await this.#listener.onKernel(stream.host, frame);
    if (isKept) stream.send({ type: 'kernel-took', batch: frame.batch });
  }

  async #takeInstanceLog({ stream }: Session, frame: InstanceLogFrame): Promise<void> {
    const isKept = await this.#listener.onInstanceLog(stream.host, frame);
    if (isKept) stream.send({ type: 'instance-log-took', batch: frame.batch });
  }

  // A word about one instance that was overtaken by one about another still is the latest on its own.
  #observe(
    session: Session,
    { seq, instances, removed }: Extract<AgentFrame, { type: 'observed' }>,
  ): void {
    const isLatest = (id: InstanceId) => seq > Math.max(session.seq, session.seqs.get(id) ?? 0);
    const seen = instances.filter(({ id }) => isLatest(id));
    const gone = removed.filter(isLatest);
    for (const instance of seen) session.observed.set(instance.id, instance);
    for (const id of gone) session.observed.delete(id);
    for (const id of [...seen.map(({ id }) => id), ...gone]) session.seqs.set(id, seq);
    const { host } = session.stream;
    if (seen.length + gone.length > 0) this.#listener.onObserved(host, seen, gone);
  }

  #drop(session: Session, reason: string): void {
    const { host } = session.stream;
    for (const { reject } of session.waiting.values()) reject(disconnected(host, reason));
    if (this.#sessions.get(host) !== session) return;
    this.#sessions.delete(host);
    if (session.greeted) this.#listener.onGone(host, reason);
    this.#wakeWatchers();
  }

  #wakeWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

const digests = new WeakMap<readonly DesiredInstance[], string>();

// The configuration's hash stands for its text: most of the bytes, of which nothing more is learnt.
// A wait runs from when it was sent, so that what is the same but for that is no news.
function digestOf(instances: readonly DesiredInstance[]): string {
  const known = digests.get(instances);
  if (known !== undefined) return known;
  const words = JSON.stringify(instances.map((one) => ({ ...one, config: undefined, waitMs: 0 })));
  const digest = createHash('sha256').update(words).digest('base64url');
  digests.set(instances, digest);
  return digest;
}

function disconnected(host: HostName, reason: string): BridgeheadError {
  return new BridgeheadError(
    'AGENT_DISCONNECTED',
    `the agent of host ${host} is not connected (${reason})`,
    `Look at the agent on ${host}; it connects again by itself once it runs and reaches this scheduler.`,
  );
}

function timedOut(host: HostName, kind: string, timeoutMs: number): BridgeheadError {
  return new BridgeheadError(
    'AGENT_TIMEOUT',
    `the agent of host ${host} did not answer "${kind}" within ${timeoutMs} ms`,
    `Look at the load and the agent's log on ${host}, then try again.`,
  );
}
