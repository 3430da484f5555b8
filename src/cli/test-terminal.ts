// A terminal for tests: keeps what was printed, and its time goes by only when somebody sleeps.

import { Readable } from 'node:stream';
import type { Clock } from '../domain/clock.ts';
import type { Lab } from './lab-contract.ts';
import type { AgentOptions, ServerOptions } from './options.ts';
import { run } from './program.ts';
import type { Terminal } from './terminal.ts';

/** 2026-11-23 12:00:00Z; the records of the test server are from shortly before. */
export const nowMs = Date.UTC(2026, 10, 23, 12);

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | AsyncIterable<Uint8Array>;
  readonly isTty?: boolean;
  /** Width of the terminal; none unless given. */
  readonly columns?: number;
  readonly lab?: Lab;
  /** Called with the options of `server` and `agent`. */
  readonly onService?: (options: ServerOptions | AgentOptions) => void;
  /** Called at each sleep; returning true interrupts the command. */
  readonly onSleep?: (count: number) => boolean;
  /** Awaited at each sleep, for what has to happen while a command waits. */
  readonly onSleepAsync?: (count: number) => Promise<void>;
}

/** Runs a command line in this process. */
export async function runLine(argv: readonly string[], around: Surroundings = {}): Promise<Ran> {
  const { input = '' } = around;
  const out: string[] = [];
  const err: string[] = [];
  const interruption = new AbortController();
  let elapsedMs = 0;
  let sleeps = 0;
  const clock: Clock = {
    wallMs: () => nowMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (durationMs, signal) => {
      elapsedMs += durationMs;
      sleeps += 1;
      if (around.onSleep?.(sleeps) === true) interruption.abort(new Error('interrupted'));
      signal?.throwIfAborted();
      return around.onSleepAsync?.(sleeps) ?? Promise.resolve();
    },
    every: () => () => undefined,
  };
  const terminal: Terminal = {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    outIsTty: around.isTty ?? false,
    errIsTty: around.isTty ?? false,
    env: { HOME: '/nonexistent', BRIDGEHEAD_LAB_DIR: '/nonexistent', ...around.env },
    outColumns: around.columns ?? null,
    input: () => (typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input),
    clock,
    interrupted: interruption.signal,
  };
  const { lab } = around;
  const service = (options: ServerOptions | AgentOptions) => {
    around.onService?.(options);
    return Promise.resolve();
  };
  const rooms = {
    server: () => Promise.resolve({ runServer: service }),
    agent: () => Promise.resolve({ runAgent: service }),
    lab: () =>
      lab === undefined ? Promise.reject(new Error('this test has no lab')) : Promise.resolve(lab),
  };
  const code = await run(argv, terminal, rooms);
  return { code, out: out.join(''), err: err.join('') };
}
