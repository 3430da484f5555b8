import { cpus, loadavg, release } from 'node:os';
import { commandOutput } from '../src/system/command.ts';

/** What a figure was measured on. */
export async function machineFacts(): Promise<Readonly<Record<string, string | number>>> {
  const firstLine = (text: string) => text.trim().split('\n')[0] ?? '';
  return {
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    kernel: release(),
    node: process.version,
    haproxy: firstLine(await commandOutput(['haproxy', '-v'])),
    load_average: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
