import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import type { GatewayFact, HostFacts } from '../domain/model.ts';
import type { AgentRequest, SchedulerFrame } from '../protocol/frames.ts';
import type { Certificates } from './certificates.ts';
import { Gateways } from './gateways.ts';
import { acceptGrants, byId, type Grants, type Told } from './grants.ts';
import { GrantsFile } from './grants-file.ts';
import { notHere, notKnown } from './instance-errors.ts';
import { InstanceKeeper, type KeeperSurroundings } from './instance-keeper.ts';
import type { KernelSender } from './kernel-log/kernel-sender.ts';
import type { Links, Peer } from './links.ts';
import { answerLive } from './live.ts';
import type { Machine, MachineFacts } from './machine.ts';
import { Numbers, type NumbersParts } from './numbers.ts';
import { Relays } from './relays.ts';
import { Reports } from './reports.ts';
import { type Witness, Witnessing } from './witnessing.ts';

/** How often every instance is looked at even when nobody called: drift is found in this time. */
const lookPeriodMs = 1_000;
const refreshPeriodMs = 15_000;
const firstLookMs = 2_000;
/** How many changes of instances are begun at once, and after how long others are begun anyway. */
const settlingAtOnce = 4;
const headStartMs = 50;

/** The decisions that a simulation replaces, to prove that it would notice. */
export interface AgentRules {
  readonly acceptGrants: typeof acceptGrants;
}

export interface AgentParts {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly links: Links;
  readonly rules?: AgentRules;
  /** Left out where a host takes no part in the witnesses: it cannot be failed over. */
  readonly witness?: Witness;
  /** Reads what a HAProxy has counted; left out where nobody wants to know. */
  readonly readCounters?: NumbersParts['read'];
  /** Sends what the kernel says; left out where that is not wanted. */
  readonly kernelLog?: Pick<KernelSender, 'greet' | 'hear'>;
  /** Takes the instances' certificates; left out where there are none. */
  readonly certificates?: Pick<Certificates, 'hear'>;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/**
 * The agent of one host. What the host is to do comes over the link and is kept on disk; from then
 * on the agent keeps it so by itself, with or without a scheduler.
 */
export class Agent implements Disposable {
  readonly #parts: AgentParts;
  readonly #machine: Machine;
  readonly #rules: AgentRules;
  readonly #keepers = new Map<InstanceId, InstanceKeeper>();
  /** Instances whose keeper is at work, with whether it has been woken since it began. */
  readonly #atWork = new Map<InstanceId, { again: boolean }>();
  readonly #reports: Reports;
  readonly #relays: Relays;
  readonly #witnessing: Witnessing | null;
  #grants: Grants;
  readonly #grantsFile: GrantsFile;
  /** Of what was taken last; none after a start, so that it is told again. */
  #digest = '';
  #wanted: ReadonlyMap<InstanceId, DesiredInstance>;
  readonly #gateways: Gateways;
  #facts: MachineFacts;
  /** Whether the Engine has said what is here: before that, what is not known may be here still. */
  #knowsAll = false;
  /** Desired states are taken in the order they came, whoever sent them. */
  #inbox: Promise<void> = Promise.resolve();
  /** The one of the highest revision that came, the last where several have it. */
  #latest: Told | null = null;
  readonly #stops: (() => void)[] = [];
  readonly #stopped = new AbortController();

  private constructor(parts: AgentParts, facts: MachineFacts, file: GrantsFile, grants: Grants) {
    this.#parts = parts;
    this.#facts = facts;
    this.#grantsFile = file;
    this.#grants = grants;
    this.#wanted = byId(grants);
    this.#machine = parts.machine;
    this.#rules = parts.rules ?? { acceptGrants };
    this.#reports = new Reports(() => parts.links.peers);
    const { machine, clock, witness, log } = parts;
    const { signal } = this.#stopped;
    this.#witnessing = witness === undefined ? null : new Witnessing(witness, clock, signal, log);
    this.#gateways = new Gateways({
      clock,
      desired: () => this.#wanted.values(),
      ask: (bridge, address, timeoutMs) => machine.isAnswered(bridge, address, timeoutMs),
      changed: (gateway, before) => this.#tellGateway(gateway, before),
    });
    this.#relays = new Relays({ machine, clock, desired: (id) => this.#desired(id) });
  }

  /**
   * Reads what this host was last told, adopts what runs, and begins to keep it. The links are to
   * connect only after it.
   */
  static async start(parts: AgentParts): Promise<Agent> {
    const facts = await parts.machine.readFacts();
    const file = new GrantsFile(parts.machine, parts.log);
    const agent = new Agent(parts, facts, file, await file.read(facts.bootId));
    await agent.#adopt();
    for (const keeper of agent.#keepers.values()) void keeper.letGo();
    agent.#lookAtAll();
    await agent.#firstLooks();
    parts.machine.onConflict((id, { address, mac }) => {
      const name = agent.#keepers.get(id)?.name ?? id;
      const message = `${mac} on the wire speaks in the name of ${address}, which this host answers for`;
      parts.log(message);
      agent.#reports.event('address.conflict', `instance/${name}`, message);
    });
    parts.links.onOpen((peer) => agent.#hello(peer));
    parts.links.onFrame((frame, peer) => agent.#receive(frame, peer));
    agent.#stops.push(parts.clock.every(lookPeriodMs, () => agent.#lookAtAll()));
    agent.#stops.push(parts.clock.every(refreshPeriodMs, () => void agent.#refresh()));
    agent.#stops.push(agent.#gateways.watch());
    agent.#stops.push(agent.#startNumbers());
    agent.#stops.push(() => agent.#stopped.abort());
    agent.#stops.push(() => agent.#relays[Symbol.dispose]());
    void agent.#watchContainers();
    return agent;
  }

  /** Stops keeping; what runs goes on running. */
  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
  }

  // A hello from before would say that nothing is here. An Engine that hangs is not waited for long.
  async #firstLooks(): Promise<void> {
    const enough = new AbortController();
    const looks = [...this.#keepers.values()].map(({ looked }) => looked);
    const patience = this.#parts.clock.sleep(firstLookMs, enough.signal).catch(() => undefined);
    await Promise.race([Promise.all(looks), patience]);
    enough.abort();
  }

  // A container that ends is looked at now and not in a second; the look itself trusts no event.
  async #watchContainers(): Promise<void> {
    const { machine, clock } = this.#parts;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await machine.watchContainers(() => this.#lookAtAll(), signal).catch(() => undefined);
      await clock.sleep(lookPeriodMs, signal).catch(() => undefined);
    }
  }

  #startNumbers(): () => void {
    const { readCounters: read, clock, links } = this.#parts;
    if (read === undefined) return () => undefined;
    const observed = () => [...this.#keepers.values()].map((keeper) => keeper.observed);
    return new Numbers({ clock, read, observed, peers: () => links.peers }).start();
  }

  // Everything here that Bridgehead once made gets a keeper: one that is not desired takes it away.
  async #adopt(): Promise<void> {
    const containers = await this.#machine.listContainers().catch(() => null);
    for (const { id, name } of containers ?? []) this.#keeper(id, name);
    if (containers !== null) this.#knowsAll = true;
    for (const { id, name } of this.#grants.desired) this.#keeper(id, name);
    for (const port of await this.#machine.listPorts()) {
      const isKnown = [...this.#keepers.values()].some((keeper) => keeper.port === port);
      if (!isKnown) await this.#machine.deletePort(port);
    }
  }

  #keeper(id: InstanceId, name: InstanceName): InstanceKeeper {
    const known = this.#keepers.get(id);
    if (known !== undefined) return known;
    const around: KeeperSurroundings = {
      machine: this.#machine,
      clock: this.#parts.clock,
      bootId: this.#grants.bootId,
      desired: (one) => this.#desired(one),
      report: (one) => this.#reports.observed(one.id, one.observed),
      tell: (kind, object, message) => {
        this.#parts.log(message, { kind, object });
        this.#reports.event(kind, object, message);
      },
    };
    const keeper = new InstanceKeeper(id, name, around);
    this.#keepers.set(id, keeper);
    return keeper;
  }

  #desired(id: InstanceId): DesiredInstance | null {
    return this.#wanted.get(id) ?? null;
  }

  #hello(peer: Peer): void {
    this.#witnessing?.greet(peer);
    this.#parts.kernelLog?.greet(peer);
    const instances = [...this.#keepers.values()].flatMap(({ observed }) =>
      observed === null ? [] : [observed],
    );
    this.#reports.hello(peer, this.#allFacts(), instances);
  }

  #allFacts(): HostFacts {
    return { ...this.#facts, gateways: this.#gateways.facts };
  }

  #tellGateway({ address, bridge, answers }: GatewayFact, before: boolean | null): void {
    this.#reports.facts(this.#allFacts());
    if (answers && before === null) return;
    const kind = answers ? 'gateway.answers' : 'gateway.silent';
    const how = answers ? 'answers this host again' : 'does not answer this host';
    this.#reports.event(kind, 'host', `gateway ${address} ${how} on ${bridge}`);
  }

  #receive(frame: SchedulerFrame, peer: Peer): void {
    if (frame.type === 'desired') {
      if (this.#latest === null || frame.revision >= this.#latest.revision) this.#latest = frame;
      const cameMs = this.#parts.clock.monotonicMs();
      this.#inbox = this.#inbox.then(() => this.#takeUntilKept(frame, cameMs, peer));
    } else if (frame.type === 'request') {
      void this.#answer(frame.id, frame.body, peer);
    } else {
      this.#witnessing?.hear(frame, peer);
      this.#parts.kernelLog?.hear(frame, peer);
      this.#parts.certificates?.hear(frame);
    }
  }

  // Its scheduler takes what it has sent for heard, and does not say it again: a disk that is full
  // is asked until it has room, or until a later word has come.
  async #takeUntilKept(told: Told, cameMs: number, peer: Peer): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        return await this.#takeGrants(told, cameMs, peer);
      } catch (error) {
        this.#parts.log('cannot keep grants', { error: String(error) });
        if (told !== this.#latest) return;
        await this.#parts.clock.sleep(lookPeriodMs, signal).catch(() => undefined);
      }
    }
  }

  // Kept first: a grant that is acted on and then forgotten would be given up at the next start.
  async #takeGrants(told: Told, cameMs: number, peer: Peer): Promise<void> {
    const { grants, stale, isOvertaken } = this.#rules.acceptGrants(this.#grants, told);
    if (isOvertaken) {
      const message = `refused revision ${told.revision} from ${peer.name}: this host has taken revision ${grants.revision}`;
      this.#parts.log(message);
      this.#reports.event('desired.stale', 'host', message);
      // Its scheduler has to know what holds here instead, or it takes this for heard.
      this.#reports.took(grants.revision, this.#digest);
      return;
    }
    for (const { instance, newest } of stale) {
      const message = `refused epoch ${instance.epoch} from ${peer.name}: this host has seen epoch ${newest}`;
      this.#parts.log(message, { instance: instance.name });
      this.#reports.event('grant.stale', `instance/${instance.name}`, message);
    }
    await this.#grantsFile.keep(this.#grants, grants);
    const before = this.#wanted;
    this.#grants = grants;
    this.#digest = told.digest;
    this.#reports.took(grants.revision, told.digest);
    this.#wanted = new Map(
      [...byId(grants)].map(([id, now]) => {
        const known = before.get(id);
        return [id, known !== undefined && isSame(known, now) ? known : now];
      }),
    );
    for (const one of grants.desired) this.#keeper(one.id, one.name).turn.note(one, cameMs);
    // Those that nothing has changed for are looked at in their turn: a failover has no time for them.
    const present = new Set(grants.desired.map(({ id }) => id));
    const ordered = [
      ...grants.desired.flatMap(({ id }) => this.#keepers.get(id) ?? []),
      ...[...this.#keepers.values()].filter(({ id }) => !present.has(id)),
    ];
    const changed = ordered.filter(({ id }) => before.get(id) !== this.#wanted.get(id));
    for (const keeper of changed) void keeper.letGo();
    void this.#settleInOrder(changed);
  }

  // In the order in which they were told, the most important first. All at once, each would be done
  // as late as the last. One that takes longer, with a container to make say, holds up no other.
  async #settleInOrder(keepers: readonly InstanceKeeper[]): Promise<void> {
    const left = keepers.values();
    const work = async () => {
      for (const keeper of left) {
        const enough = new AbortController();
        const patience = this.#parts.clock.sleep(headStartMs, enough.signal).catch(() => undefined);
        await Promise.race([this.#settle(keeper), patience]);
        enough.abort();
      }
    };
    await Promise.all(Array.from({ length: settlingAtOnce }, work));
  }

  #lookAtAll(): void {
    for (const keeper of this.#keepers.values()) void this.#settle(keeper);
  }

  // One at a time for each instance; a call in between makes it look once more.
  async #settle(keeper: InstanceKeeper): Promise<void> {
    const atWork = this.#atWork.get(keeper.id);
    if (atWork !== undefined) {
      atWork.again = true;
      return;
    }
    const mark = { again: false };
    this.#atWork.set(keeper.id, mark);
    try {
      do {
        mark.again = false;
        const isGone = await keeper.settle();
        this.#reports.observed(keeper.id, keeper.observed);
        // It may be wanted again by now, and then this keeper is the one to see to it.
        if (isGone && this.#desired(keeper.id) === null) {
          this.#keepers.delete(keeper.id);
          return;
        }
      } while (mark.again && !this.#stopped.signal.aborted);
    } catch (error) {
      // The Engine is down or the like: nothing can be seen, so nothing is done until the next look.
      this.#parts.log('cannot look at an instance', {
        instance: keeper.name,
        error: String(error),
      });
    } finally {
      this.#atWork.delete(keeper.id);
    }
  }

  async #refresh(): Promise<void> {
    try {
      this.#facts = await this.#machine.readFacts();
      this.#reports.facts(this.#allFacts());
      await this.#adopt();
    } catch (error) {
      this.#parts.log('cannot read facts or adopt', { error: String(error) });
    }
  }

  async #answer(id: number, request: AgentRequest, peer: Peer): Promise<void> {
    try {
      peer.send({ type: 'reply', id, result: await this.#work(request) });
    } catch (cause) {
      const error = BridgeheadError.wrap(cause).body();
      peer.send({
        type: 'refusal',
        id,
        error: { code: error.code, message: error.message, next: error.next },
      });
    }
  }

  async #work(request: AgentRequest): Promise<unknown> {
    switch (request.kind) {
      case 'validate':
        return this.#machine.judge(request.image, request.config);
      case 'probe':
        return this.#machine.probe(request.address, request.ports, request.timeoutMs);
      case 'look':
        await this.#inbox;
        if (!this.#knowsAll && !this.#keepers.has(request.instance)) {
          throw notKnown(request.instance);
        }
        return { instance: this.#keepers.get(request.instance)?.observed ?? null };
      case 'quiesce': {
        // What the scheduler said before it asked counts, even if it is still on its way to the disk.
        await this.#inbox;
        const keeper = this.#keepers.get(request.instance);
        if (keeper === undefined) throw notHere(request.instance);
        return keeper.quiesce(request.epoch, request.limitMs);
      }
      case 'live-show':
      case 'live-set':
        await this.#inbox;
        return answerLive(this.#machine, request, this.#desired(request.instance));
      case 'relay-open':
        await this.#inbox;
        return this.#relays.open(request);
      case 'relay-read':
        return this.#relays.read(request.relay, request.waitMs);
      case 'relay-write':
        return this.#relays.write(request.relay, request.data, request.waitMs);
      case 'relay-close':
        this.#relays.close(request.relay);
        return {};
    }
  }
}

function isSame(a: DesiredInstance, b: DesiredInstance): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
