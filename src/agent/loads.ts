import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import { withKeptAddresses } from '../haproxy/kept-addresses.ts';
import { withKeptEntries } from '../haproxy/kept-entries.ts';
import { serverStates, withServerStates } from '../haproxy/kept-servers.ts';
import { demandValid } from './judgement.ts';
import { KeptOverrides } from './kept-overrides.ts';
import type { Machine } from './machine.ts';
import { OldWorkers } from './old-workers.ts';
import { loadConfig } from './reload.ts';

export interface LoadsParts {
  readonly id: InstanceId;
  readonly name: InstanceName;
  /** Of the instance's files. */
  readonly folder: string;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly tell: (kind: string, object: string, message: string) => void;
}

/** What an instance's HAProxy has loaded, and what is made to hold in it after each load. */
export class Loads {
  readonly #parts: LoadsParts;
  readonly #overrides: KeptOverrides;
  readonly #oldWorkers: OldWorkers;
  /** For which role, process and configuration the health checks were set last. */
  #checksSetFor = '';

  constructor(parts: LoadsParts) {
    this.#parts = parts;
    const { machine, clock } = parts;
    const tell = (kind: string) => (message: string) =>
      parts.tell(kind, `instance/${parts.name}`, message);
    this.#overrides = new KeptOverrides(machine, tell('instance.override-failed'));
    this.#oldWorkers = new OldWorkers(machine, clock, tell('instance.old-worker'));
  }

  /** Processes that earlier loads have left; undefined for none. */
  get oldWorkers(): ObservedInstance['oldWorkers'] {
    return this.#oldWorkers.observed;
  }

  /** @throws BridgeheadError CONFIG_REFUSED, by the image's HAProxy or by the one that runs */
  async load(desired: DesiredInstance, pid: number): Promise<void> {
    const { id, name, folder, machine, clock, tell } = this.#parts;
    const { overrides = [], configHash } = desired;
    await demandValid(machine, folder, desired);
    await this.#oldWorkers.makeRoom(id);
    const placed = withKeptAddresses(desired.config, overrides);
    const stated = withServerStates(placed, overrides);
    if (stated !== placed) {
      const shown = await machine.command(id, 'show servers state').catch(() => '');
      await machine.writeServerStates(id, serverStates(shown, overrides, stated));
    }
    const config = withKeptEntries(stated, overrides);
    try {
      await loadConfig(machine, { ...desired, config }, clock);
    } catch (error) {
      if (!(error instanceof BridgeheadError) || error.code !== 'CONFIG_REFUSED') throw error;
      tell('instance.reload-failed', `instance/${name}`, error.message);
      throw error;
    }
    // Its new worker takes traffic already.
    await this.#overrides.ensure(desired, pid, configHash);
    if (desired.role === 'standby') await machine.setHealthChecks(id, false);
    const message = `runs configuration ${configHash.slice(0, 12)}`;
    tell('instance.configured', `instance/${name}`, message);
  }

  /** Brings a HAProxy to what is kept of live changes. */
  keepOverrides(desired: DesiredInstance, pid: number, loadedHash: string | null): Promise<void> {
    return this.#overrides.ensure(desired, pid, loadedHash);
  }

  /** Where all else is right. What was set before may have been cut short, so that it is set once more. */
  async settle(desired: DesiredInstance, pid: number, loadedHash: string | null): Promise<void> {
    const { id, machine } = this.#parts;
    const now = `${desired.role} ${pid} ${loadedHash}`;
    if (this.#checksSetFor !== now) {
      await machine.setHealthChecks(id, desired.role === 'active');
      this.#checksSetFor = now;
    }
    await this.#overrides.ensure(desired, pid, loadedHash);
    await this.#oldWorkers.look(desired);
  }
}
