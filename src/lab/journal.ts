// What the lab made, written down before it is made, so that `lab down` finds it after a crash in
// the middle of anything. One JSON object a line; the state of the lab is what the lines add up to.
// Pure; journal-file.ts has the file.

import { z } from 'zod';
import { type PartitionFrom, partitionKinds } from './topology.ts';

const entry = z.discriminatedUnion('kind', [
  /**
   * First line. A later one changes the number of hosts or the port, which is the first scheduler's.
   * A journal from before labs had several schedulers does not name their number.
   */
  z.object({
    kind: z.literal('lab'),
    id: z.string().regex(/^[0-9a-f]{8}$/),
    name: z.string(),
    hosts: z.int().min(1),
    schedulers: z.int().min(1).default(1),
    port: z.int(),
  }),
  /** `making` until everything inside is configured, then `made`, and `gone` after its end. */
  z.object({
    kind: z.literal('namespace'),
    name: z.string(),
    state: z.enum(['making', 'made', 'gone']),
  }),
  /** The example was applied; these are the instances it named. */
  z.object({ kind: z.literal('applied'), instances: z.array(z.string()) }),
  z.object({ kind: z.literal('crashed'), host: z.string() }),
  z.object({ kind: z.literal('hung'), host: z.string() }),
  z.object({
    kind: z.literal('partitioned'),
    host: z.string(),
    from: z.enum(partitionKinds as [PartitionFrom, ...PartitionFrom[]]),
  }),
  /** All faults of the host are undone. */
  z.object({ kind: z.literal('healed'), host: z.string() }),
]);
export type JournalEntry = z.infer<typeof entry>;

/** What a journal adds up to. */
export interface LabState {
  /** Random, new with each lab: what its processes and cgroups are marked with. */
  readonly id: string;
  readonly name: string;
  readonly hosts: number;
  readonly schedulers: number;
  /** TCP port of the first scheduler's API on 127.0.0.1; the others' follow it. */
  readonly port: number;
  readonly namespaces: ReadonlyMap<string, 'making' | 'made'>;
  /** Instances that the example named; null while it was not applied. */
  readonly applied: readonly string[] | null;
  readonly crashed: ReadonlySet<string>;
  readonly hung: ReadonlySet<string>;
  readonly partitioned: ReadonlyMap<string, PartitionFrom>;
}

/**
 * Adds up a journal's text. A last line that was cut off by a crash counts as not written: nothing
 * is made before its line is on disk.
 *
 * @returns null where not even the first line is there
 * @throws Error when a line before the last is no entry: the file is not a lab's journal
 */
export function replayJournal(text: string): LabState | null {
  const lines = text.split('\n');
  // What follows the last newline: nothing, or the cut-off line.
  lines.pop();
  let state: LabState | null = null;
  for (const [index, line] of lines.entries()) {
    const parsed = entry.safeParse(parseJson(line));
    if (!parsed.success) throw new Error(`line ${index + 1} is no journal entry: ${line}`);
    state = afterEntry(state, parsed.data);
  }
  return state;
}

/** The state after one more entry. */
export function afterEntry(state: LabState | null, added: JournalEntry): LabState {
  if (added.kind === 'lab') {
    const { id, name, hosts, schedulers, port } = added;
    return { ...(state ?? emptyState), id, name, hosts, schedulers, port };
  }
  if (state === null) throw new Error(`a journal begins with its lab, not with ${added.kind}`);
  switch (added.kind) {
    case 'namespace': {
      const namespaces = new Map(state.namespaces);
      if (added.state === 'gone') namespaces.delete(added.name);
      else namespaces.set(added.name, added.state);
      return { ...state, namespaces };
    }
    case 'applied':
      return { ...state, applied: added.instances };
    case 'crashed':
      return { ...state, crashed: new Set([...state.crashed, added.host]) };
    case 'hung':
      return { ...state, hung: new Set([...state.hung, added.host]) };
    case 'partitioned':
      return { ...state, partitioned: new Map([...state.partitioned, [added.host, added.from]]) };
    case 'healed': {
      const isOther = (host: string) => host !== added.host;
      return {
        ...state,
        crashed: new Set([...state.crashed].filter(isOther)),
        hung: new Set([...state.hung].filter(isOther)),
        partitioned: new Map([...state.partitioned].filter(([host]) => isOther(host))),
      };
    }
  }
}

const emptyState = {
  namespaces: new Map<string, 'making' | 'made'>(),
  applied: null,
  crashed: new Set<string>(),
  hung: new Set<string>(),
  partitioned: new Map<string, PartitionFrom>(),
};

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
