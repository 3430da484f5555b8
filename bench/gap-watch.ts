// Watches one address from a client's namespace while something is killed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { systemClock } from '../src/system/clock.ts';
import { type Gap, gapOf, type Kill } from './gap.ts';

const client = join(import.meta.dirname, 'gap-client.ts');
const said = z.object({ sent: z.number(), goodMs: z.array(z.number()) });
/**
 * Asked for so long before anything is killed. What was asked of the machine to see that all is whole
 * has to have died down: a witness takes answers that came late for loss, for some three seconds.
 */
const quietMs = 3_000;

/** Of the clock that the client tells its answers by. Milliseconds. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A kill with the gap that it made, and how long the client was served before it at the least. */
export interface Loss<Result> {
  readonly kill: Kill;
  readonly gap: Gap;
  readonly result: Result;
}

/**
 * Has a client ask `address` while `kill` is done, until it has been served well for a second.
 *
 * @param namespace path of the client's network namespace
 * @param kill is done at any phase of what comes round in a second; resolves when all is dead
 * @throws Error where the address is not served within `limitMs`: that is no gap but an outage
 */
export async function lossOf<Result>(
  namespace: string,
  address: string,
  limitMs: number,
  kill: () => Promise<Result>,
): Promise<Loss<Result>> {
  const command = [`--net=${namespace}`, process.execPath, client, address, String(limitMs)];
  const child = spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const output = text(child.stdout);
    await systemClock.sleep(quietMs + Math.random() * 1_000);
    const startMs = sharedMs();
    const result = await kill();
    const when = { startMs, endMs: sharedMs() };
    child.stdin.end('killed\n');
    if (child.exitCode === null) await once(child, 'exit');
    const { goodMs } = said.parse(JSON.parse(await output));
    const gap = gapOf(goodMs, when);
    if (gap === null) throw new Error(`${address} did not answer again within ${limitMs} ms`);
    return { kill: when, gap, result };
  } finally {
    child.kill('SIGKILL');
  }
}
