import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, InstanceId, InstanceName } from '../domain/ids.ts';
import { macOfInstance, portOfInstance } from '../domain/mac.ts';
import type { ObservedInstance } from '../domain/model.ts';
import type { QuiesceResult } from '../protocol/frames.ts';
import type { DockerEngine } from '../system/docker-engine.ts';
import {
  awaitLoaded,
  type InstanceFolders,
  imageMissing,
  loadedHash,
  makeFolders,
  refused,
  reload,
  removeFolders,
  setHealthChecks,
  validate,
  writeConfig,
} from './configuration.ts';
import { readIfThere, replaceFile } from './disk.ts';
import {
  containerFacts,
  containerName,
  fingerprintOf,
  haproxyContainer,
} from './haproxy-container.ts';
import {
  addAddresses,
  attachPort,
  bridgeMtu,
  createPort,
  deletePort,
  detachPort,
  flushAddresses,
  namespaceOf,
  readInterior,
  readPort,
  removeAddresses,
} from './kernel.ts';
import { isOnTheWire, nextStep, type Seen, type Step, strangers } from './plan.ts';
import { endQuiesce, quiesce } from './quiesce.ts';
import type { Announcer } from './wire/announcer.ts';
import { findDuplicate } from './wire/ask.ts';

/** More steps than any way from nothing to serving has: reaching it means two steps undo each other. */
const stepsMax = 16;
const retryMs = { first: 500, most: 10_000 };

/** What a keeper needs of its host. */
export interface KeeperSurroundings {
  readonly engine: DockerEngine;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly announcer: Announcer;
  /** The instance's `observed` has changed in the middle of a step, and somebody waits for it. */
  readonly report: (keeper: InstanceKeeper) => void;
  /** Something worth telling people happened. */
  readonly tell: (kind: string, object: string, message: string) => void;
}

/** Keeps one instance on this host what it is meant to be, one step at a time. */
export class InstanceKeeper {
  readonly id: InstanceId;
  readonly name: InstanceName;
  readonly #port: string;
  readonly #mac: string;
  readonly #folder: string;
  readonly #folders: InstanceFolders;
  readonly #around: KeeperSurroundings;
  #problem: { readonly code: string; readonly message: string } | null = null;
  #failures = 0;
  #notBeforeMs = 0;
  #observed: ObservedInstance | null = null;
  #isQuiesced = false;

  constructor(id: InstanceId, name: InstanceName, around: KeeperSurroundings) {
    this.id = id;
    this.name = name;
    this.#around = around;
    this.#port = portOfInstance(id);
    this.#mac = macOfInstance(id);
    this.#folder = join(around.dataFolder, 'instances', id);
    this.#folders = { etc: join(this.#folder, 'etc'), run: join(this.#folder, 'run') };
  }

  /** What the last {@link settle} left; null before the first and after the instance has gone. */
  get observed(): ObservedInstance | null {
    return this.#observed;
  }

  /**
   * Goes from what is to what is desired. A failure is kept as the instance's problem and tried
   * again later, each time after a longer wait; a change of what is desired tries at once.
   *
   * @param desired null where the instance is to leave this host
   * @returns true when nothing of the instance is left here, nor meant to be
   */
  async settle(desired: DesiredInstance | null, isNew: boolean): Promise<boolean> {
    if (isNew) this.#forgetFailures();
    let seen = await this.#look().catch((error: unknown) => this.#goBlind(desired, error));
    if (seen === null) return false;
    const mayTry = this.#around.clock.monotonicMs() >= this.#notBeforeMs;
    try {
      for (let steps = 0; ; steps += 1) {
        const step = nextStep(desired, seen.facts, fingerprintOf(desired));
        if (step === null) break;
        // Letting go is never put off, whatever failed before.
        if (!mayTry && step !== 'release') return false;
        if (steps === stepsMax) throw new Error(`no end after ${stepsMax} steps, last: ${step}`);
        await this.#do(step, desired, seen);
        seen = await this.#look();
      }
      this.#forgetFailures();
    } catch (error) {
      this.#fail(error);
      seen = await this.#look();
    }
    const isGone = desired === null && this.#problem === null;
    if (isGone) await removeFolders(this.#folder);
    this.#observed = isGone ? null : this.#describe(desired, seen.facts);
    return isGone;
  }

  // Letting go needs no Engine: the port is the kernel's.
  async #goBlind(desired: DesiredInstance | null, cause: unknown): Promise<null> {
    const error = BridgeheadError.wrap(cause);
    const isLettingGo = desired?.role !== 'active' && (await readPort(this.#port)) !== null;
    if (isLettingGo) {
      await detachPort(this.#port);
      this.#around.announcer.silence(this.id);
      await this.#forgetHold();
    }
    if (this.#observed !== null) {
      const problem = { code: error.code, message: `${error.message}. ${error.next}` };
      const { epoch } = desired ?? this.#observed;
      const off = { epoch, linkUp: false, addresses: [] };
      this.#observed = { ...this.#observed, ...(isLettingGo ? off : {}), problem };
    }
    return null;
  }

  /**
   * Lets no new connection in and waits until the open ones have ended, at most `limitMs`.
   *
   * @throws BridgeheadError SOURCE_MISMATCH where the instance does not run here
   */
  async quiesce(limitMs: number): Promise<QuiesceResult> {
    const pid = (await this.#around.engine.inspect(containerName(this.name)))?.pid ?? 0;
    if (pid === 0) throw notHere(this.name);
    this.#isQuiesced = true;
    return quiesce(pid, limitMs, this.#around.clock);
  }

  // What an agent before this one had closed opens by itself: the kernel's own timer does it.
  async #endQuiesce(pid: number): Promise<void> {
    if (!this.#isQuiesced || pid === 0) return;
    await endQuiesce(pid);
    this.#isQuiesced = false;
  }

  async #do(step: Step, desired: DesiredInstance | null, seen: Look): Promise<void> {
    if (step === 'release') return this.#release(desired, seen);
    if (step === 'remove-container') return this.#removeContainer(seen);
    if (step === 'remove-port') return deletePort(this.#port);
    if (desired === null) throw new Error(`step ${step} without anything desired`);
    switch (step) {
      case 'create-container':
        return this.#createContainer(desired);
      case 'create-port':
        return this.#createPort(desired, seen);
      case 'set-limits':
        return this.#around.engine.update(containerName(this.name), desired.resources);
      case 'take':
        return this.#take(desired, seen);
      case 'remove-strangers':
        return removeAddresses(seen.pid, strangers(desired, seen.facts));
      case 'announce':
        return this.#announce(desired, seen);
      case 'load-config':
        return this.#loadConfig(desired);
    }
  }

  // Off the bridge first: what happens after that can no longer be seen on the wire.
  async #release(desired: DesiredInstance | null, seen: Look): Promise<void> {
    if (seen.facts.port !== null) await detachPort(this.#port);
    this.#around.announcer.silence(this.id);
    if (this.#observed !== null) {
      const epoch = desired?.epoch ?? this.#observed.epoch;
      this.#observed = {
        ...this.#observed,
        ...{ epoch, phase: 'preparing', linkUp: false, addresses: [] },
      };
      this.#around.report(this);
    }
    await this.#forgetHold();
    if (seen.facts.interior !== null) await flushAddresses(seen.pid);
    await this.#endQuiesce(seen.pid);
    this.#around.tell('instance.released', `instance/${this.name}`, 'addresses given up');
  }

  async #removeContainer(seen: Look): Promise<void> {
    if (seen.facts.port !== null) await detachPort(this.#port);
    this.#around.announcer.silence(this.id);
    await this.#around.engine.remove(containerName(this.name));
    await deletePort(this.#port);
  }

  async #createContainer(desired: DesiredInstance): Promise<void> {
    const { engine } = this.#around;
    if (!(await engine.hasImage(desired.image))) throw imageMissing(desired.image);
    await this.#judge(desired);
    await makeFolders(this.#folders);
    await writeConfig(this.#folders.etc, desired.config);
    const id = await engine.create(
      containerName(this.name),
      haproxyContainer(desired, this.#folders),
    );
    await engine.start(id);
    if (!(await awaitLoaded(this.#folders, desired.configHash, this.#around.clock))) {
      const log = (await engine.logs(id)).trim().split('\n').slice(-3).join(' | ');
      throw new Error(`HAProxy did not come up in its container: ${log}`);
    }
    await setHealthChecks(this.#folders, false);
  }

  // A container that is made anew for what it ran before needs no second judgement.
  async #judge(desired: DesiredInstance): Promise<void> {
    const path = join(this.#folder, 'judged');
    const mark = `${desired.image} ${desired.configHash}\n`;
    if ((await readIfThere(path)) === mark) return;
    const { engine, dataFolder } = this.#around;
    const verdict = await validate(engine, dataFolder, desired.image, desired.config);
    if (!verdict.valid) throw refused(desired.name, verdict);
    await replaceFile(path, mark);
  }

  async #createPort(desired: DesiredInstance, seen: Look): Promise<void> {
    const bridge = desired.addresses[0]?.bridge ?? '';
    await createPort(this.#port, seen.pid, this.#mac, await bridgeMtu(bridge));
  }

  // The hold is on disk before the address is on the wire, so that a restarted agent knows it.
  async #take(desired: DesiredInstance, seen: Look): Promise<void> {
    const { clock, announcer, tell } = this.#around;
    const first = desired.addresses[0];
    if (first === undefined) throw new Error('an instance without addresses');
    const namespace = namespaceOf(seen.pid);
    const isOurs = desired.released || seen.facts.heldEpoch === desired.epoch;
    await attachPort(this.#port, first.bridge, first.vlan);
    if (!isOurs) {
      const texts = desired.addresses.map(({ address }) => address);
      const claim = await findDuplicate(namespace, this.#mac, texts, clock);
      if (claim !== null) {
        await detachPort(this.#port);
        throw new BridgeheadError(
          'ADDRESS_CONFLICT',
          `instance ${this.name}: address ${claim.address} is answered for by ${claim.mac}`,
          `Find the machine with MAC ${claim.mac} on this network and take the address from it; Bridgehead goes on trying.`,
        );
      }
    }
    await this.#rememberHold(desired.epoch);
    await addAddresses(seen.pid, desired.addresses);
    announcer.speak(this.id, namespace, this.#mac, desired.addresses);
    await this.#endQuiesce(seen.pid);
    await setHealthChecks(this.#folders, true);
    tell(
      'instance.serving',
      `instance/${this.name}`,
      `answers for ${desired.addresses.map(({ address }) => address).join(', ')} under epoch ${desired.epoch}`,
    );
  }

  async #announce(desired: DesiredInstance, seen: Look): Promise<void> {
    this.#around.announcer.speak(this.id, namespaceOf(seen.pid), this.#mac, desired.addresses);
  }

  async #loadConfig(desired: DesiredInstance): Promise<void> {
    const { clock, tell } = this.#around;
    await this.#judge(desired);
    await reload(this.#folders, desired, clock);
    if (desired.role === 'standby') await setHealthChecks(this.#folders, false);
    tell(
      'instance.configured',
      `instance/${this.name}`,
      `runs configuration ${desired.configHash.slice(0, 12)}`,
    );
  }

  async #look(): Promise<Look> {
    const inspected = await this.#around.engine.inspect(containerName(this.name));
    const pid = inspected?.pid ?? 0;
    const [port, interior, loaded, heldEpoch] = await Promise.all([
      readPort(this.#port),
      pid === 0 ? null : readInterior(pid),
      pid === 0 ? null : loadedHash(this.#folders),
      this.#heldEpoch(),
    ]);
    const container = inspected === null ? null : containerFacts(inspected);
    const announcing = this.#around.announcer.speaks(this.id);
    return { pid, facts: { container, port, interior, loadedHash: loaded, heldEpoch, announcing } };
  }

  #describe(desired: DesiredInstance | null, seen: Seen): ObservedInstance {
    const settled = desired?.role === 'active' ? 'serving' : 'standby';
    return {
      id: this.id,
      name: this.name,
      phase: this.#problem !== null ? 'failed' : desired === null ? 'preparing' : settled,
      epoch: desired?.epoch ?? (0 as Epoch),
      containerRunning: seen.container?.running ?? false,
      linkUp: seen.port?.up === true && seen.port.bridge !== null,
      mac: this.#mac,
      addresses: isOnTheWire(seen) ? (seen.interior?.addresses ?? []) : [],
      configHash: seen.loadedHash,
      problem: this.#problem,
    };
  }

  #fail(cause: unknown): void {
    const error = BridgeheadError.wrap(cause);
    const message = `${error.message}. ${error.next}`;
    if (this.#problem?.message !== message) {
      this.#around.tell('instance.failed', `instance/${this.name}`, error.message);
    }
    this.#problem = { code: error.code, message };
    const waitMs = Math.min(retryMs.first * 2 ** this.#failures, retryMs.most);
    this.#failures += 1;
    this.#notBeforeMs = this.#around.clock.monotonicMs() + waitMs;
  }

  #forgetFailures(): void {
    this.#problem = null;
    this.#failures = 0;
    this.#notBeforeMs = 0;
  }

  async #heldEpoch(): Promise<Epoch | null> {
    const text = await readIfThere(join(this.#folder, 'held'));
    return text === null ? null : (Number(text) as Epoch);
  }

  async #rememberHold(epoch: Epoch): Promise<void> {
    await replaceFile(join(this.#folder, 'held'), `${epoch}\n`);
  }

  async #forgetHold(): Promise<void> {
    await replaceFile(join(this.#folder, 'held'), '0\n');
  }
}

/** A look at the instance, with the process that its namespaces hang on. */
interface Look {
  readonly pid: number;
  readonly facts: Seen;
}

/** The error for an instance that was looked for on a host where it does not run. */
export function notHere(name: string): BridgeheadError {
  return new BridgeheadError(
    'SOURCE_MISMATCH',
    `instance ${name} does not run on this host`,
    'Look at where it runs: bridgehead get instances',
  );
}
