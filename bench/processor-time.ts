import { readdir, readFile } from 'node:fs/promises';

/** USER_HZ of Linux on x86: what proc(5) counts in. */
const ticksPerSecond = 100;
// Of the fields from the state on, which is field 3 of proc(5).
const parentField = 1;
const timeFields = [11, 12] as const;
/** With those of children that have ended and were waited for. */
const allTimeFields = [11, 12, 13, 14] as const;

/** Processor time that a process has had, milliseconds; 0 for none. */
export async function processorMs(pid: number): Promise<number> {
  return sumOf(await statOf(pid), timeFields);
}

/** The same of a process, its living children, and those that have ended. */
export async function familyProcessorMs(pid: number): Promise<number> {
  const children = await Promise.all((await childrenOf(pid)).map(processorMs));
  return children.reduce((sum, one) => sum + one, sumOf(await statOf(pid), allTimeFields));
}

export async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(statOf));
  return pids.filter((_, index) => Number(stats[index]?.[parentField]) === parent);
}

async function statOf(pid: number): Promise<readonly string[]> {
  // A process may end while we look.
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function sumOf(stat: readonly string[], fields: readonly number[]): number {
  const ticks = fields.reduce((sum, field) => sum + Number(stat[field] ?? 0), 0);
  return (ticks * 1_000) / ticksPerSecond;
}
