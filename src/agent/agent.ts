import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import { portOfInstance } from '../domain/mac.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import type { AgentFrame, AgentRequest, SchedulerFrame } from '../protocol/frames.ts';
import { eventMessageMax, protocolVersion } from '../protocol/frames.ts';
import type { DockerEngine } from '../system/docker-engine.ts';
import { removeStaleValidations, validate } from './configuration.ts';
import { readIfThere, replaceFile } from './disk.ts';
import { portPattern } from './facts.ts';
import { acceptGrants, formatGrants, type Grants, readGrants } from './grants.ts';
import { instanceLabel, nameLabel } from './haproxy-container.ts';
import { InstanceKeeper, type KeeperSurroundings, notHere } from './instance-keeper.ts';
import { deletePort, listPorts } from './kernel.ts';
import { probeAddress } from './probe.ts';
import { Announcer } from './wire/announcer.ts';

/** How often every instance is looked at even when nobody called: drift is found in this time. */
const lookPeriodMs = 1_000;
const refreshPeriodMs = 15_000;
const grantsFile = 'grants.json';

/** The agent's end of the stream to a scheduler. */
export interface Link {
  send(frame: AgentFrame): boolean;
  onFrame(handler: (frame: SchedulerFrame) => void): void;
  onOpen(handler: () => void): void;
}

export interface AgentParts {
  readonly engine: DockerEngine;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly link: Link;
  readonly readFacts: () => Promise<HostFacts>;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/**
 * The agent of one host. What the host is to do comes over the link and is kept on disk; from then
 * on the agent keeps it so by itself, with or without a scheduler.
 */
export class Agent implements Disposable {
  readonly #parts: AgentParts;
  readonly #announcer: Announcer;
  readonly #keepers = new Map<InstanceId, InstanceKeeper>();
  /** Instances whose keeper is at work, with whether it has been woken since it began. */
  readonly #atWork = new Map<InstanceId, { again: boolean }>();
  readonly #reported = new Map<InstanceId, string>();
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
    this.#announcer = new Announcer(parts.clock, (key, error) =>
      parts.log('cannot announce', { instance: key, error: error.message }),
    );
  }

  /** Reads what this host was last told, adopts what runs, and begins to keep it. */
  static async start(parts: AgentParts): Promise<Agent> {
    const facts = await parts.readFacts();
    const text = await readIfThere(join(parts.dataFolder, grantsFile));
    const agent = new Agent(parts, facts, readGrants(text, facts.bootId));
    await removeStaleValidations(parts.engine).catch(() => undefined);
    await agent.#adopt();
    parts.link.onOpen(() => agent.#hello());
    parts.link.onFrame((frame) => agent.#receive(frame));
    agent.#stops.push(parts.clock.every(lookPeriodMs, () => agent.#lookAtAll()));
    agent.#stops.push(parts.clock.every(refreshPeriodMs, () => void agent.#refresh()));
    agent.#stops.push(() => agent.#stopped.abort());
    void agent.#watchEngine();
    agent.#lookAtAll();
    return agent;
  }

  /** Stops keeping; what runs goes on running. */
  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
    this.#announcer[Symbol.dispose]();
  }

  // A container that ends is looked at now and not in a second; the look itself trusts no event.
  async #watchEngine(): Promise<void> {
    const { engine, clock } = this.#parts;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await engine.watch(instanceLabel, () => this.#lookAtAll(), signal).catch(() => undefined);
      await clock.sleep(lookPeriodMs, signal).catch(() => undefined);
    }
  }

  // Everything here that Bridgehead once made gets a keeper: one that is not desired takes it away.
  async #adopt(): Promise<void> {
    const containers = await this.#parts.engine.containers([instanceLabel]).catch(() => []);
    for (const { labels } of containers) {
      const id = labels[instanceLabel] as InstanceId | undefined;
      const name = labels[nameLabel] as InstanceName | undefined;
      if (id !== undefined && name !== undefined) this.#keeper(id, name);
    }
    for (const { id, name } of this.#grants.desired) this.#keeper(id, name);
    const ports = await listPorts(portPattern);
    const known = new Set([...this.#keepers.keys()].map(portOfInstance));
    for (const port of ports) if (!known.has(port)) await deletePort(port);
  }

  #keeper(id: InstanceId, name: InstanceName): InstanceKeeper {
    const known = this.#keepers.get(id);
    if (known !== undefined) return known;
    const around: KeeperSurroundings = {
      engine: this.#parts.engine,
      dataFolder: this.#parts.dataFolder,
      clock: this.#parts.clock,
      announcer: this.#announcer,
      report: (one) => this.#report(one),
      tell: (kind, object, message) => {
        this.#parts.log(message, { kind, object });
        const shown = message.slice(0, eventMessageMax);
        this.#parts.link.send({ type: 'event', kind, object, message: shown });
      },
    };
    const keeper = new InstanceKeeper(id, name, around);
    this.#keepers.set(id, keeper);
    return keeper;
  }

  #hello(): void {
    this.#reported.clear();
    const instances = this.#observed();
    for (const instance of instances) this.#reported.set(instance.id, JSON.stringify(instance));
    this.#parts.link.send({
      type: 'hello',
      protocol: protocolVersion,
      facts: this.#facts,
      instances,
    });
  }

  #observed(): readonly ObservedInstance[] {
    return [...this.#keepers.values()].flatMap(({ observed }) =>
      observed === null ? [] : [observed],
    );
  }

  #receive(frame: SchedulerFrame): void {
    if (frame.type === 'desired') {
      this.#inbox = this.#inbox
        .then(() => this.#takeGrants(frame.instances))
        .catch((error: unknown) => this.#parts.log('cannot keep grants', { error: String(error) }));
    } else if (frame.type === 'request') {
      void this.#answer(frame.id, frame.body);
    }
  }

  // On disk first: a grant that is acted on and then forgotten would be given up at the next start.
  async #takeGrants(told: readonly DesiredInstance[]): Promise<void> {
    const { grants, stale } = acceptGrants(this.#grants, told);
    for (const { instance, newest } of stale) {
      const message = `refused epoch ${instance.epoch}: this host has seen epoch ${newest}`;
      this.#parts.log(message, { instance: instance.name });
      const object = `instance/${instance.name}`;
      this.#parts.link.send({ type: 'event', kind: 'grant.stale', object, message });
    }
    await replaceFile(join(this.#parts.dataFolder, grantsFile), formatGrants(grants));
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
    if (this.#reported.get(keeper.id) === text) return;
    const frame: AgentFrame = {
      type: 'observed',
      instances: observed === null ? [] : [observed],
      removed: observed === null ? [keeper.id] : [],
    };
    if (this.#parts.link.send(frame)) this.#reported.set(keeper.id, text);
  }

  async #refresh(): Promise<void> {
    try {
      this.#facts = await this.#parts.readFacts();
      this.#parts.link.send({ type: 'facts', facts: this.#facts });
      await this.#adopt();
    } catch (error) {
      this.#parts.log('cannot read facts or adopt', { error: String(error) });
    }
  }

  async #answer(id: number, request: AgentRequest): Promise<void> {
    try {
      this.#parts.link.send({ type: 'reply', id, result: await this.#work(request) });
    } catch (cause) {
      const error = BridgeheadError.wrap(cause).body();
      this.#parts.link.send({
        type: 'refusal',
        id,
        error: { code: error.code, message: error.message, next: error.next },
      });
    }
  }

  async #work(request: AgentRequest): Promise<unknown> {
    const { engine, dataFolder, clock } = this.#parts;
    switch (request.kind) {
      case 'validate':
        return validate(engine, dataFolder, request.image, request.config);
      case 'probe':
        return probeAddress(request.address, request.ports, request.timeoutMs, clock);
      case 'quiesce': {
        const keeper = this.#keepers.get(request.instance);
        if (keeper === undefined) throw notHere(request.instance);
        return keeper.quiesce(request.limitMs);
      }
    }
  }
}
