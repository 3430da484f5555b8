import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { canonicalAddress } from '../domain/address.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { programCommand } from './commands.ts';
import { type LabOptions, viewLab } from './lab-handle.ts';
import type { LoadSummary } from './load-summary.ts';
import { namespacePath } from './namespaces.ts';
import { plainEnvironment } from './processes.ts';

const durationMsMax = 10 * 60_000;
const rateMax = 2_000;
const connectionsMax = 10_000;
const requestsMax = 1_000_000;

export interface LoadOptions {
  /** IPv4 or IPv6 address. */
  readonly address: string;
  /** 80 unless told. */
  readonly port?: number;
  /** `/` unless told. */
  readonly path?: string;
  /** At most ten minutes. */
  readonly durationMs: number;
  /** Requests a second, 1 to 2,000, and no more than a million in all. */
  readonly ratePerSecond: number;
  /** Most connections at once, 1,000 unless told; a request beyond them counts as failed. */
  readonly connections?: number;
  /** True unless told: each request on a connection of its own, so that it meets the address's owner. */
  readonly newConnectionPerRequest?: boolean;
  /** After which a request without an answer has failed; 5 s unless told. */
  readonly timeoutMs?: number;
  /** Ends the run early, with the result so far. */
  readonly signal?: AbortSignal;
  /** Called each second with a line on how it goes. */
  readonly onSecond?: (line: string) => void;
}

const second = z.object({
  atMs: z.number(),
  ok: z.int(),
  failed: z.int(),
  inFlight: z.int(),
});

const line = z.union([
  z.object({ second }),
  z.object({
    result: z.object({
      sent: z.int(),
      ok: z.int(),
      failed: z.int(),
      errors: z.record(z.string(), z.int()),
      latencyMs: z.object({
        p50: z.number().nullable(),
        p99: z.number().nullable(),
        max: z.number().nullable(),
      }),
      longestGapMs: z.number(),
    }),
  }),
]);

/**
 * Sends HTTP requests from the lab's client to an address, at a constant rate.
 *
 * @throws BridgeheadError REQUEST_INVALID for limits that are not kept, NOT_FOUND without a lab
 */
export async function labLoad(lab: LabOptions, options: LoadOptions): Promise<LoadSummary> {
  const { topology } = viewLab(lab);
  const plan = planOf(options);
  const net = `--net=${namespacePath(topology.client.namespace)}`;
  const child = spawn('nsenter', [net, ...programCommand('load'), JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: plainEnvironment(),
    // Out of the terminal's group: a Ctrl-C ends it through its input, with a result.
    detached: true,
  });
  const stop = () => child.stdin.end();
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted === true) stop();
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let result: LoadSummary | null = null;
  for await (const text of createInterface({ input: child.stdout })) {
    const parsed = line.parse(JSON.parse(text));
    if ('second' in parsed) options.onSecond?.(lineOf(parsed.second));
    else result = parsed.result;
  }
  const code = await ended;
  options.signal?.removeEventListener('abort', stop);
  if (result !== null) return result;
  throw new BridgeheadError(
    'LAB_FAILED',
    `the load program ended without a result (exit ${code ?? 'by a signal'})`,
    'Its message is above; see whether the lab is up: bridgehead lab status',
  );
}

function lineOf({ atMs, ok, failed, inFlight }: z.infer<typeof second>): string {
  const bad = failed === 0 ? '' : `, ${failed} failed`;
  return `${String(Math.round(atMs / 1_000)).padStart(4)} s  ${ok} ok${bad}, ${inFlight} under way`;
}

function planOf(options: LoadOptions) {
  const plan = {
    address: canonicalAddress(options.address),
    port: options.port ?? 80,
    path: options.path ?? '/',
    durationMs: options.durationMs,
    ratePerSecond: options.ratePerSecond,
    connections: options.connections ?? 1_000,
    newConnectionPerRequest: options.newConnectionPerRequest ?? true,
    timeoutMs: options.timeoutMs ?? 5_000,
  };
  const faults = [
    plan.address === null ? `${options.address} is no IP address` : null,
    isWithin(plan.port, 1, 65_535) ? null : `port ${plan.port} is not 1 to 65535`,
    plan.path.startsWith('/') ? null : `path ${plan.path} does not begin with /`,
    isWithin(plan.durationMs, 1, durationMsMax) ? null : 'it may run for 10 minutes at most',
    isWithin(plan.ratePerSecond, 1, rateMax) ? null : `the rate is not 1 to ${rateMax} a second`,
    isWithin(plan.connections, 1, connectionsMax)
      ? null
      : `connections are not 1 to ${connectionsMax}`,
    isWithin(plan.timeoutMs, 1, 60_000) ? null : 'the timeout is not 1 ms to 1 minute',
    (plan.durationMs / 1_000) * plan.ratePerSecond <= requestsMax
      ? null
      : `that would be more than ${requestsMax} requests`,
  ].filter((fault) => fault !== null);
  if (faults.length === 0) return plan;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `this load cannot be run: ${faults.join('; ')}`,
    'Change the options named and run it again.',
  );
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isFinite(value) && value >= min && value <= max;
}
