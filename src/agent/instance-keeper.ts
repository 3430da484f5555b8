import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, InstanceId, InstanceName } from '../domain/ids.ts';
import { macOfInstance, portOfInstance } from '../domain/mac.ts';
import type { ObservedInstance } from '../domain/model.ts';
import type { QuiesceResult } from '../protocol/frames.ts';
import { Attempts, problemOf } from './attempts.ts';
import { fingerprintOf } from './container-shape.ts';
import { Hold } from './hold.ts';
import { Inlet } from './inlet.ts';
import { imageMissing } from './instance-errors.ts';
import { demandValid } from './judgement.ts';
import { Loads } from './loads.ts';
import type { Container, Machine } from './machine.ts';
import { describe, describeOff } from './observation.ts';
import { isOffTheBridge, nextStep, type Seen, type Step, strangers } from './plan.ts';
import { awaitLoaded } from './reload.ts';
import { type Look, RestedLook } from './rested-look.ts';
import { take } from './take.ts';
import { Turn } from './turn.ts';

/** More steps than any way from nothing to serving has: reaching it means two steps undo each other. */
const stepsMax = 16;

/** What a keeper needs of its host. */
export interface KeeperSurroundings {
  readonly machine: Machine;
  readonly clock: Clock;
  /** Of this boot: what a file says of the kernel's state is void after it. */
  readonly bootId: string;
  /** What this host is to do for the instance as of now; null where it is to leave. */
  readonly desired: (id: InstanceId) => DesiredInstance | null;
  /** The instance's `observed` has changed in the middle of a step, and somebody waits for it. */
  readonly report: (keeper: InstanceKeeper) => void;
  /** Something worth telling people happened. */
  readonly tell: (kind: string, object: string, message: string) => void;
}

/** Keeps one instance on this host what it is meant to be, one step at a time. */
export class InstanceKeeper {
  readonly id: InstanceId;
  readonly name: InstanceName;
  readonly turn: Turn;
  /** Name of its port on this host. */
  readonly port: string;
  readonly #mac: string;
  readonly #folder: string;
  readonly #machine: Machine;
  readonly #around: KeeperSurroundings;
  readonly #attempts: Attempts;
  readonly #hold: Hold;
  readonly #inlet: Inlet;
  readonly #loads: Loads;
  #settledFor: DesiredInstance | null = null;
  readonly #rested: RestedLook;
  #observed: ObservedInstance | null = null;
  #acting: Step | null = null;
  #lettingGo: Promise<void> = Promise.resolve();
  readonly #looked = Promise.withResolvers<void>();

  constructor(id: InstanceId, name: InstanceName, around: KeeperSurroundings) {
    this.id = id;
    this.name = name;
    this.#around = around;
    this.port = portOfInstance(id);
    this.#mac = macOfInstance(id);
    this.#machine = around.machine;
    this.#rested = new RestedLook(around.machine);
    this.turn = new Turn(around.clock);
    this.#attempts = new Attempts(around.clock);
    this.#folder = `instances/${id}`;
    this.#hold = new Hold(around.machine, id, around.bootId);
    const { machine, clock, tell } = around;
    this.#loads = new Loads({ id, name, folder: this.#folder, machine, clock, tell });
    this.#inlet = new Inlet({
      name,
      network: around.machine,
      clock: around.clock,
      pid: async () => (await this.#container())?.pid ?? 0,
      epoch: () => around.desired(id)?.epoch,
    });
  }

  /**
   * What the last {@link settle} left, or the first look of all found; null before that, and after
   * the instance has gone.
   */
  get observed(): ObservedInstance | null {
    return this.#observed;
  }

  /**
   * Goes from what is to what is desired. A failure is kept as the instance's problem and tried
   * again later, each time after a longer wait; a change of what is desired tries at once. Where
   * it changes in the meantime, no further step is taken: the next call goes on from there.
   *
   * @returns true when nothing of the instance is left here, nor meant to be
   */
  async settle(): Promise<boolean> {
    const desired = this.#around.desired(this.id);
    if (desired !== this.#settledFor) {
      this.#settledFor = desired;
      this.#attempts.forget();
      void this.letGo();
    }
    await this.#lettingGo;
    let seen =
      this.#rested.readyFor(desired) ??
      (await this.#rested.orOvertaken(this.#lookOrGoBlind(desired)));
    if (seen === null) return false;
    const { mayTry } = this.#attempts;
    try {
      for (let steps = 0; ; steps += 1) {
        this.#rested.keep(desired, seen, this.#attempts.problem === null);
        if (!this.#isStillDesired(desired)) return false;
        const step = nextStep(desired, seen.facts, fingerprintOf(desired));
        if (step === null) {
          const { pid, facts } = seen;
          if (desired !== null) await this.#loads.settle(desired, pid, facts.loadedHash);
          this.#attempts.forget();
          break;
        }
        // Letting go is never put off, whatever failed before.
        if (!mayTry && step !== 'release') break;
        if (steps === stepsMax) throw new Error(`no end after ${stepsMax} steps, last: ${step}`);
        this.#acting = step;
        await this.#do(step, desired, seen).finally(() => {
          this.#acting = null;
        });
        if (!this.#isStillDesired(desired)) return false;
        seen = await this.#look();
      }
    } catch (error) {
      if (!this.#isStillDesired(desired)) return false;
      this.#fail(error);
      seen = await this.#look();
    }
    this.#rested.keep(desired, seen, this.#attempts.problem === null);
    if (!this.#isStillDesired(desired)) return false;
    const { problem } = this.#attempts;
    const isGone = desired === null && problem === null;
    if (isGone) await this.#machine.removeFolder(this.#folder);
    this.#observed = isGone
      ? null
      : describe(this, desired, seen.facts, problem, this.#loads.oldWorkers);
    return isGone;
  }

  /**
   * Takes the instance off the wire where it may not answer any more, without a look at anything
   * but its port: an Engine that hangs, or a configuration that does not load, holds up nobody who
   * waits for that. Only a taking ends first, as it might put the port on the bridge after this.
   */
  async letGo(): Promise<void> {
    this.#rested.becameDesired(this.#around.desired(this.id));
    if (this.#acting === 'take') return;
    this.#lettingGo = this.#lettingGo.then(() => this.#leaveTheWire().catch(() => undefined));
    await this.#lettingGo;
  }

  // What fails here fails again in the step `release`, which says so.
  async #leaveTheWire(): Promise<void> {
    const desired = this.#around.desired(this.id);
    if (desired?.role === 'active') return;
    this.#machine.silence(this.id);
    const port = await this.#machine.readPort(this.port);
    const isOff = isOffTheBridge(port);
    if (!isOff) await this.#machine.detachPort(this.port);
    if (!this.#isStillDesired(desired)) return;
    if (this.#observed?.linkUp === true) this.#noteRelease(desired, this.#observed);
    if (!isOff) await this.#hold.forget();
  }

  #noteRelease(desired: DesiredInstance | null, before: ObservedInstance): void {
    const epoch = desired?.epoch ?? before.epoch;
    this.#observed = { ...before, epoch, phase: 'preparing', linkUp: false, addresses: [] };
    this.#around.report(this);
  }

  /** Resolves when the instance has been looked at, or could not be. */
  get looked(): Promise<void> {
    return this.#looked.promise;
  }

  // A scheduler that is greeted before the first settling has ended hears what is here already.
  #notice(desired: DesiredInstance | null, seen: Seen): void {
    if (this.#observed !== null || !this.#isStillDesired(desired)) return;
    const isAbsent = seen.container === null && seen.port === null && desired === null;
    if (isAbsent) return;
    const isSettled = nextStep(desired, seen, fingerprintOf(desired)) === null;
    const found = describe(this, desired, seen, null);
    this.#observed = isSettled ? found : { ...found, phase: 'preparing' };
  }

  #isStillDesired(desired: DesiredInstance | null): boolean {
    return this.#around.desired(this.id) === desired;
  }

  async #lookOrGoBlind(desired: DesiredInstance | null): Promise<Look | null> {
    try {
      const seen = await this.#look();
      this.#notice(desired, seen.facts);
      return seen;
    } catch (error) {
      return this.#isStillDesired(desired) ? await this.#goBlind(desired, error) : null;
    } finally {
      this.#looked.resolve();
    }
  }

  // Letting go needs no Engine: the port is the kernel's.
  async #goBlind(desired: DesiredInstance | null, cause: unknown): Promise<null> {
    const problem = problemOf(BridgeheadError.wrap(cause));
    this.#rested.forget();
    if (desired?.role === 'active') {
      if (this.#observed !== null) this.#observed = { ...this.#observed, problem };
      return null;
    }
    this.#machine.silence(this.id);
    if (!isOffTheBridge(await this.#machine.readPort(this.port))) {
      await this.#machine.detachPort(this.port);
      await this.#hold.forget();
    }
    const epoch = (desired ?? this.#observed)?.epoch;
    if (epoch === undefined || !this.#isStillDesired(desired)) return null;
    const known = this.#observed ?? describeOff(this, epoch);
    const phase = known.phase === 'serving' ? 'preparing' : known.phase;
    this.#observed = { ...known, phase, epoch, linkUp: false, addresses: [], problem };
    return null;
  }

  /** Lets no new connection in; see {@link Inlet.shut}. */
  quiesce(epoch: Epoch, limitMs: number): Promise<QuiesceResult> {
    return this.#inlet.shut(epoch, limitMs);
  }

  async #do(step: Step, desired: DesiredInstance | null, seen: Look): Promise<void> {
    if (step === 'release') return this.#release(desired, seen);
    if (step === 'remove-container') return this.#removeContainer(seen);
    if (step === 'remove-port') return this.#machine.deletePort(this.port);
    if (desired === null) throw new Error(`step ${step} without anything desired`);
    switch (step) {
      case 'create-container':
        return this.#createContainer(desired);
      case 'create-port':
        return this.#createPort(desired, seen);
      case 'set-limits':
        return this.#setLimits(desired, seen);
      case 'take':
        return this.#take(desired, seen);
      case 'remove-strangers':
        return this.#machine.removeAddresses(seen.pid, strangers(desired, seen.facts));
      case 'announce':
        return this.#announce(desired, seen);
      case 'load-config':
        return this.#loads.load(desired, seen.pid);
    }
  }

  // Off the bridge before all that can fail: what comes later can no longer be seen on the wire.
  async #release(desired: DesiredInstance | null, seen: Look): Promise<void> {
    this.#machine.silence(this.id);
    if (!isOffTheBridge(seen.facts.port)) await this.#machine.detachPort(this.port);
    if (this.#observed !== null) this.#noteRelease(desired, this.#observed);
    await this.#hold.forget();
    if (seen.facts.interior !== null) await this.#machine.flushAddresses(seen.pid);
    await this.#inlet.open(seen.pid);
    this.#around.tell('instance.released', `instance/${this.name}`, 'addresses given up');
  }

  async #removeContainer(seen: Look): Promise<void> {
    this.#machine.silence(this.id);
    if (seen.facts.port !== null) await this.#machine.detachPort(this.port);
    if (seen.container !== null) await this.#machine.removeContainer(seen.container.engineId);
    await this.#machine.deletePort(this.port);
  }

  async #createContainer(desired: DesiredInstance): Promise<void> {
    if (!(await this.#machine.hasImage(desired.image))) throw imageMissing(desired.image);
    await demandValid(this.#machine, this.#folder, desired);
    await this.#machine.writeConfig(this.id, desired.config);
    const engineId = await this.#machine.createContainer(desired);
    await this.#machine.startContainer(engineId);
    if (!(await awaitLoaded(this.#machine, this.id, desired.configHash, this.#around.clock))) {
      const text = await this.#machine.containerLog(engineId);
      const log = text.trim().split('\n').slice(-3).join(' | ');
      throw new Error(`HAProxy did not come up in its container: ${log}`);
    }
    await this.#machine.setHealthChecks(this.id, false);
  }

  async #setLimits(desired: DesiredInstance, seen: Look): Promise<void> {
    if (seen.container === null) throw new Error('limits for a container that is not there');
    await this.#machine.updateContainer(seen.container.engineId, desired.resources);
  }

  async #createPort(desired: DesiredInstance, seen: Look): Promise<void> {
    const bridge = desired.addresses[0]?.bridge ?? '';
    await this.#machine.createPort(this.port, seen.pid, this.#mac, bridge);
  }

  async #take(desired: DesiredInstance, seen: Look): Promise<void> {
    await this.#loads.keepOverrides(desired, seen.pid, seen.facts.loadedHash);
    const { id, name, port, turn } = this;
    const [mac, machine, hold, inlet] = [this.#mac, this.#machine, this.#hold, this.#inlet];
    const isStillDesired = (one: DesiredInstance) => this.#isStillDesired(one);
    const taker = { id, name, port, mac, machine, hold, turn, inlet, isStillDesired };
    if (!(await take(taker, desired, seen.pid, seen.facts))) return;
    this.#around.tell(
      'instance.serving',
      `instance/${this.name}`,
      `answers for ${desired.addresses.map(({ address }) => address).join(', ')} under epoch ${desired.epoch}`,
    );
  }

  async #announce(desired: DesiredInstance, seen: Look): Promise<void> {
    this.#machine.speak(this.id, seen.pid, this.#mac, desired.addresses);
  }

  async #look(): Promise<Look> {
    const container = await this.#container();
    const pid = container?.pid ?? 0;
    const [port, interior, loadedHash, heldEpoch] = await Promise.all([
      this.#machine.readPort(this.port),
      pid === 0 ? null : this.#machine.readInterior(pid),
      pid === 0 ? null : this.#machine.loadedHash(this.id),
      this.#hold.epoch(),
    ]);
    const announcing = this.#machine.speaks(this.id);
    const facts = { container, port, interior, loadedHash, heldEpoch, announcing };
    return { container, pid, namespace: this.#machine.namespaceOf(pid), facts };
  }

  // One of that name may be of an instance before, which had the name, and is still leaving.
  async #container(): Promise<Container | null> {
    const container = await this.#machine.readContainer(this.name);
    return container?.instance === this.id ? container : null;
  }

  #fail(cause: unknown): void {
    const news = this.#attempts.fail(cause);
    if (news !== null) this.#around.tell('instance.failed', `instance/${this.name}`, news);
  }
}
