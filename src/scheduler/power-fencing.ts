import { hostsToPowerOff } from '../detection/power.ts';
import type { Clock } from '../domain/clock.ts';
import type { HostName } from '../domain/ids.ts';
import type { Host } from '../domain/model.ts';
import { hostObject } from '../domain/operation.ts';
import type { Agents } from './agents.ts';
import { type DetectionKnowledge, type Detector, holdShare } from './detector.ts';

/** What a program that powers a host off left behind. */
export interface PowerOffResult {
  /** True where it says that the host is off. */
  readonly isOff: boolean;
  /** For people: how it ended, and the last that it printed. */
  readonly told: string;
}

/** Powers a host off, and waits until it is. Rejects where it cannot even be tried. */
export type PowerOff = (host: Host) => Promise<PowerOffResult>;

export interface PowerFencingParts {
  readonly clock: Clock;
  readonly agents: Agents;
  readonly detector: Detector;
  /** Null where none is set up: then a person has to say that a host is off. */
  readonly powerOff: PowerOff | null;
  /** The host is off: it is to be fenced, unless it is connected by now. */
  readonly confirm: (host: HostName, reason: string) => Promise<unknown>;
  readonly event: (kind: string, object: string, message: string) => void;
}

/** After a failure the program is tried again after this long, and then after twice as long. */
const againMs = 60_000;
const againMostMs = 3_600_000;

/**
 * Has hosts powered off whose silence nobody can prove, because their witnesses are gone as well or
 * their network carries no probes. Of several schedulers one does it.
 */
export class PowerFencing {
  readonly #parts: PowerFencingParts;
  /** Since when each host has been suspect, monotonic. */
  readonly #suspectMs = new Map<HostName, number>();
  readonly #underWay = new Set<HostName>();
  readonly #failed = new Map<HostName, { readonly againAtMs: number; readonly waitMs: number }>();

  constructor(parts: PowerFencingParts) {
    this.#parts = parts;
  }

  /** @param isFirst whether it is this scheduler that does it */
  look(hosts: readonly Host[], known: DetectionKnowledge, isFirst: boolean): void {
    const { clock, powerOff } = this.#parts;
    if (powerOff === null) return;
    const nowMs = clock.monotonicMs();
    const suspects = hosts.filter(({ state }) => state === 'suspect');
    const names = new Set(suspects.map(({ name }) => name));
    for (const name of this.#suspectMs.keys()) if (!names.has(name)) this.#forget(name);
    for (const name of names) {
      if (!this.#suspectMs.has(name)) this.#suspectMs.set(name, nowMs);
    }
    if (!isFirst) return;
    const chosen = hostsToPowerOff({
      suspects: suspects.map(({ name }) => ({
        name,
        forMs: nowMs - (this.#suspectMs.get(name) ?? nowMs),
        heardBy: this.#heardBy(name),
      })),
      dead: known.fenced.size,
      enrolled: known.enrolled,
      disarmed: known.disarmed,
      holdShare,
    });
    for (const host of suspects.filter(({ name }) => chosen.includes(name))) {
      const isTooEarly = nowMs < (this.#failed.get(host.name)?.againAtMs ?? nowMs);
      if (!isTooEarly && !this.#underWay.has(host.name)) void this.#turnOff(host, powerOff);
    }
  }

  // One that is gone itself will not say anything else.
  #heardBy(host: HostName): readonly HostName[] {
    const { agents, detector } = this.#parts;
    return detector.heardBy(host).filter((witness) => agents.isConnected(witness));
  }

  async #turnOff(host: Host, powerOff: PowerOff): Promise<void> {
    const { name } = host;
    const { event, confirm, clock } = this.#parts;
    this.#underWay.add(name);
    try {
      const { isOff, told } = await powerOff(host);
      if (!isOff) throw new Error(told);
      event('host.powered-off', hostObject(name), told);
      await confirm(name, told);
      this.#failed.delete(name);
    } catch (error) {
      const waitMs = Math.min(2 * (this.#failed.get(name)?.waitMs ?? againMs / 2), againMostMs);
      this.#failed.set(name, { againAtMs: clock.monotonicMs() + waitMs, waitMs });
      const next = `It is tried again in ${waitMs / 1_000} s. Once the host is off: bridgehead failover confirm ${name} --powered-off`;
      event('host.power-off-failed', hostObject(name), `${(error as Error).message}. ${next}`);
    } finally {
      this.#underWay.delete(name);
    }
  }

  #forget(name: HostName): void {
    this.#suspectMs.delete(name);
    this.#failed.delete(name);
  }
}
