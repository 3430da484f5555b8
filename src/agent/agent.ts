import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import { portOfInstance } from '../domain/mac.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import type { AgentFrame, AgentRequest, SchedulerFrame } from '../protocol/frames.ts';
import { eventMessageMax, protocolVersion } from '../protocol/frames.ts';
import { acceptGrants, formatGrants, type Grants, readGrants } from './grants.ts';
import { notHere } from './instance-errors.ts';
import { InstanceKeeper, type KeeperSurroundings } from './instance-keeper.ts';
import type { Links, Peer } from './links.ts';
import type { Machine } from './machine.ts';

/** How often every instance is looked at even when nobody called: drift is found in this time. */
const lookPeriodMs = 1_000;
const refreshPeriodMs = 15_000;
const grantsFile = 'grants.json';

/** The decisions that a simulation replaces, to prove that it would notice. */
export interface AgentRules {
  readonly acceptGrants: typeof acceptGrants;
}

export interface AgentParts {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly links: Links;
  readonly rules?: AgentRules;
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
  /** What each scheduler that was greeted has been told, by instance. */
  readonly #reported = new Map<Peer, Map<InstanceId, string>>();
  readonly #settledFor = new Map<InstanceId, DesiredInstance>();
  #grants: Grants;
  #facts: HostFacts;
  /** Desired states are taken in the order they came. */
  #inbox: Promise<void> = Promise.resolve();
  readonly #stops: (() => void)[] = [];
  readonly #stopped = new AbortController();

  private constructor(parts: AgentParts, facts: HostFacts, grants: Grants) {
    this.#parts = parts;
    this.#facts = facts;
    this.#grants = grants;
    this.#machine = parts.machine;
    this.#rules = parts.rules ?? { acceptGrants };
  }

  /** Reads what this host was last told, adopts what runs, and begins to keep it. */
  static async start(parts: AgentParts): Promise<Agent> {
    const facts = await parts.machine.readFacts();
    const text = await parts.machine.readFile(grantsFile);
    const agent = new Agent(parts, facts, readGrants(text, facts.bootId));
    await agent.#adopt();
    parts.links.onOpen((peer) => agent.#hello(peer));
    parts.links.onFrame((frame, peer) => agent.#receive(frame, peer));
    agent.#stops.push(parts.clock.every(lookPeriodMs, () => agent.#lookAtAll()));
    agent.#stops.push(parts.clock.every(refreshPeriodMs, () => void agent.#refresh()));
    agent.#stops.push(() => agent.#stopped.abort());
    void agent.#watchContainers();
    agent.#lookAtAll();
    return agent;
  }

  /** Stops keeping; what runs goes on running. */
  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
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

  // Everything here that Bridgehead once made gets a keeper: one that is not desired takes it away.
  async #adopt(): Promise<void> {
    const containers = await this.#machine.listContainers().catch(() => []);
    for (const { id, name } of containers) this.#keeper(id, name);
    for (const { id, name } of this.#grants.desired) this.#keeper(id, name);
    const ports = await this.#machine.listPorts();
    const known = new Set([...this.#keepers.keys()].map(portOfInstance));
    for (const port of ports) if (!known.has(port)) await this.#machine.deletePort(port);
  }

  #keeper(id: InstanceId, name: InstanceName): InstanceKeeper {
    const known = this.#keepers.get(id);
    if (known !== undefined) return known;
    const around: KeeperSurroundings = {
      machine: this.#machine,
      clock: this.#parts.clock,
      report: (one) => this.#report(one),
      tell: (kind, object, message) => {
        this.#parts.log(message, { kind, object });
        this.#event(kind, object, message);
      },
    };
    const keeper = new InstanceKeeper(id, name, around);
    this.#keepers.set(id, keeper);
    return keeper;
  }

  #hello(peer: Peer): void {
    const instances = this.#observed();
    const told = new Map(instances.map((instance) => [instance.id, JSON.stringify(instance)]));
    this.#reported.set(peer, told);
    peer.send({ type: 'hello', protocol: protocolVersion, facts: this.#facts, instances });
  }

  // To one scheduler only, so that it is recorded once.
  #event(kind: string, object: string, message: string): void {
    const shown = message.slice(0, eventMessageMax);
    const frame: AgentFrame = { type: 'event', kind, object, message: shown };
    for (const peer of this.#parts.links.peers) {
      if (this.#reported.has(peer) && peer.send(frame)) return;
    }
  }

  #observed(): readonly ObservedInstance[] {
    return [...this.#keepers.values()].flatMap(({ observed }) =>
      observed === null ? [] : [observed],
    );
  }

  #receive(frame: SchedulerFrame, peer: Peer): void {
    if (frame.type === 'desired') {
      this.#inbox = this.#inbox
        .then(() => this.#takeGrants(frame.instances))
        .catch((error: unknown) => this.#parts.log('cannot keep grants', { error: String(error) }));
    } else if (frame.type === 'request') {
      void this.#answer(frame.id, frame.body, peer);
    }
  }

  // On disk first: a grant that is acted on and then forgotten would be given up at the next start.
  async #takeGrants(told: readonly DesiredInstance[]): Promise<void> {
    const { grants, stale } = this.#rules.acceptGrants(this.#grants, told);
    for (const { instance, newest } of stale) {
      const message = `refused epoch ${instance.epoch}: this host has seen epoch ${newest}`;
      this.#parts.log(message, { instance: instance.name });
      this.#event('grant.stale', `instance/${instance.name}`, message);
    }
    await this.#machine.replaceFile(grantsFile, formatGrants(grants));
    this.#grants = grants;
    for (const { id, name } of grants.desired) this.#keeper(id, name);
    this.#lookAtAll();
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
        const desired = this.#grants.desired.find(({ id }) => id === keeper.id) ?? null;
        const isNew = desired !== (this.#settledFor.get(keeper.id) ?? null);
        if (desired === null) this.#settledFor.delete(keeper.id);
        else this.#settledFor.set(keeper.id, desired);
        const isGone = await keeper.settle(desired, isNew);
        if (isGone) this.#keepers.delete(keeper.id);
        this.#report(keeper);
      } while (mark.again);
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

  #report(keeper: InstanceKeeper): void {
    const { observed } = keeper;
    const text = observed === null ? '' : JSON.stringify(observed);
    const frame: AgentFrame = {
      type: 'observed',
      instances: observed === null ? [] : [observed],
      removed: observed === null ? [keeper.id] : [],
    };
    for (const [peer, told] of this.#reported) {
      if (told.get(keeper.id) !== text && peer.send(frame)) told.set(keeper.id, text);
    }
  }

  async #refresh(): Promise<void> {
    try {
      this.#facts = await this.#machine.readFacts();
      for (const peer of this.#reported.keys()) peer.send({ type: 'facts', facts: this.#facts });
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
      case 'quiesce': {
        const keeper = this.#keepers.get(request.instance);
        if (keeper === undefined) throw notHere(request.instance);
        return keeper.quiesce(request.limitMs);
      }
    }
  }
}
