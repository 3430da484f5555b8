import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import type { InstanceName } from '../../domain/ids.ts';
import { followContainer } from '../../system/container-lines.ts';
import type { DockerEngine } from '../../system/docker-engine.ts';
import { instanceLabel, labelled } from '../haproxy-container.ts';
import type { MachineFiles } from '../machine.ts';
import {
  type InstanceLogBatch,
  InstanceLogTail,
  type InstanceLogTailParts,
} from './instance-log-tail.ts';

const lookPeriodMs = 2_000;
const positionsFile = 'instance-logs.json';
/** Containers whose position is remembered. */
const positionsMax = 1_000;

export interface InstanceLogsParts {
  readonly engine: Pick<DockerEngine, 'containers' | 'socketPath'>;
  readonly files: Pick<MachineFiles, 'readFile' | 'replaceFile'>;
  readonly deliver: InstanceLogTailParts['deliver'];
  readonly clock: Clock;
}

const positions = z.record(z.string(), z.number());

/** Follows what the containers of this host's instances print, each from where it was last. */
export class InstanceLogs {
  readonly #parts: InstanceLogsParts;
  readonly #tails = new Map<string, AbortController>();
  #positions = new Map<string, number>();

  constructor(parts: InstanceLogsParts) {
    this.#parts = parts;
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, files } = this.#parts;
    const text = await files.readFile(positionsFile).catch(() => null);
    this.#positions = new Map(Object.entries(readPositions(text)));
    while (!signal.aborted) {
      await this.#look(signal).catch(() => undefined);
      await clock.sleep(lookPeriodMs, signal).catch(() => undefined);
    }
    for (const stop of this.#tails.values()) stop.abort();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const containers = await this.#parts.engine.containers([instanceLabel]);
    const present = new Set(containers.map(({ id }) => id));
    for (const [id, stop] of this.#tails) {
      if (present.has(id)) continue;
      stop.abort();
      this.#tails.delete(id);
    }
    for (const container of containers) {
      const [instance] = labelled(container);
      if (instance === undefined || this.#tails.has(container.id)) continue;
      const stop = new AbortController();
      this.#tails.set(container.id, stop);
      void this.#tail(instance.name, container.id).run(AbortSignal.any([signal, stop.signal]));
    }
  }

  #tail(instance: InstanceName, container: string): InstanceLogTail {
    const { engine, deliver, clock } = this.#parts;
    return new InstanceLogTail(
      {
        ...{ instance, container, clock },
        deliver: (batch: InstanceLogBatch, signal) => deliver(batch, signal),
        follow: (sinceUs, onLine, signal) =>
          followContainer(engine.socketPath, container, sinceUs, onLine, signal),
        keep: (untilUs) => this.#keep(container, untilUs),
      },
      this.#positions.get(container) ?? 0,
    );
  }

  async #keep(container: string, untilUs: number): Promise<void> {
    // The one that was heard last stands last, so that those of containers that are gone go first.
    this.#positions.delete(container);
    this.#positions.set(container, untilUs);
    const [oldest] = this.#positions.keys();
    if (oldest !== undefined && this.#positions.size > positionsMax) this.#positions.delete(oldest);
    const text = JSON.stringify(Object.fromEntries(this.#positions));
    await this.#parts.files.replaceFile(positionsFile, text);
  }
}

function readPositions(text: string | null): Readonly<Record<string, number>> {
  try {
    return text === null ? {} : positions.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
