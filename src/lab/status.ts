import { z } from 'zod';
import { hostView, instanceView } from '../protocol/api.ts';
import { type LabOptions, type LabView, viewLab } from './lab-handle.ts';
import { allParts, postgresOf } from './parts.ts';
import { type ProcessEntry, readProcessTable } from './process-table.ts';
import { findPart } from './processes.ts';
import { addressOf, type LabNode } from './topology.ts';

const askLimitMs = 2_000;

type PartState = 'running' | 'dead' | 'hung';

/** What there is of the lab, as far as can be seen now. */
export interface LabStatus {
  readonly name: string;
  /** Of the first scheduler's API, for the machine's own user. */
  readonly url: string;
  readonly schedulers: readonly {
    /** As in `parts`. */
    readonly name: string;
    readonly url: string;
    readonly state: PartState;
  }[];
  /** False where no scheduler answers: then `instances` is empty. */
  readonly reachable: boolean;
  readonly hosts: readonly {
    readonly name: string;
    /**
     * The lab's own word where it made a fault (`crashed`, `hung`, `partitioned`), else the
     * scheduler's (`joining`, `ready`, `suspect`), else `unknown`.
     */
    readonly state: string;
    readonly address: string;
    readonly address6: string;
    /** What the scheduler says of it; null where that cannot be asked or does not know it. */
    readonly reported: string | null;
  }[];
  readonly instances: readonly {
    readonly name: string;
    readonly host: string | null;
    readonly addresses: readonly string[];
    readonly tier: number;
    readonly phase: string;
  }[];
  readonly parts: readonly {
    readonly name: string;
    readonly state: PartState;
    readonly pid: number | null;
    readonly log: string;
  }[];
}

/**
 * Looks at the lab. Changes nothing, waits for no lock, and works with any part of the lab dead.
 *
 * @throws BridgeheadError NOT_FOUND where there is no lab of that name
 */
export async function labStatus(options: LabOptions): Promise<LabStatus> {
  const lab = viewLab(options);
  const [hosts, instances] = await Promise.all([
    ask(lab, '/v1/hosts', hostView),
    ask(lab, '/v1/instances', instanceView),
  ]);
  const table = readProcessTable();
  const postgres = postgresOf(lab.parts);
  const { id } = lab.state;
  const lookedAt = [
    ...allParts(lab.parts).map((part) => ({ ...part, found: findPart(id, part, table) })),
    {
      name: 'postgres',
      log: postgres.log,
      found: findPart(id, postgres, table),
    },
  ];
  const parts = lookedAt.map(({ name, log, found }) => {
    return { name, state: stateOf(found), pid: found?.pid ?? null, log };
  });
  return {
    name: lab.state.name,
    url: lab.sites[0]?.url ?? '',
    schedulers: lab.sites.map(({ name, url }) => {
      const state = parts.find((part) => part.name === name)?.state ?? 'dead';
      return { name, url, state };
    }),
    reachable: hosts !== null && instances !== null,
    hosts: lab.topology.hosts.map((node) => {
      const reported = hosts?.find(({ name }) => (name as string) === node.name)?.state ?? null;
      const { v4, v6 } = addressOf(node);
      return {
        name: node.name,
        state: faultOf(lab, node) ?? reported ?? 'unknown',
        address: v4,
        address6: v6,
        reported,
      };
    }),
    instances: (instances ?? []).map(({ name, host, addresses, tier, phase }) => ({
      name,
      host,
      addresses: addresses.map(({ address }) => address),
      tier,
      phase,
    })),
    parts,
  };
}

function stateOf(found: ProcessEntry | null): PartState {
  if (found === null) return 'dead';
  return found.state === 'T' ? 'hung' : 'running';
}

function faultOf({ state }: LabView, { name }: LabNode): string | null {
  if (state.crashed.has(name)) return 'crashed';
  if (state.hung.has(name)) return 'hung';
  return state.partitioned.has(name) ? 'partitioned' : null;
}

async function ask<Item>(
  lab: LabView,
  path: string,
  item: z.ZodType<Item>,
): Promise<readonly Item[] | null> {
  try {
    const list = z.object({ items: z.array(item) });
    return (await lab.api.call(list, 'GET', path, undefined, askLimitMs)).items;
  } catch {
    return null;
  }
}
