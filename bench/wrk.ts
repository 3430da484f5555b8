// wrk (Debian's package) run once in a client's namespace, and what it prints as figures.

import { commandOutput } from '../src/system/command.ts';

/** One run of wrk. Rates are of whole answers. */
export interface WrkFigures {
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly p99Ms: number;
  /** Connections refused or broken, requests that timed out, answers that were no success. */
  readonly errors: number;
}

export interface WrkRun {
  /** Path of the client's network namespace. */
  readonly namespace: string;
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Each request by a connection of its own. */
  readonly closes: boolean;
}

/** @throws Error where wrk fails, or prints what it never printed before */
export async function runWrk(run: WrkRun): Promise<WrkFigures> {
  const { namespace, url, connections, seconds, closes } = run;
  const header = closes ? ['--header', 'Connection: close'] : [];
  const command = [
    ...(['nsenter', `--net=${namespace}`, 'wrk', '--latency', '--threads', '1'] as const),
    ...['--connections', String(connections), '--duration', `${seconds}s`, ...header, url],
  ] as const;
  return parseWrk(await commandOutput([...command], { timeoutMs: (seconds + 20) * 1_000 }));
}

/** @throws Error where a figure that wrk always prints is missing */
export function parseWrk(text: string): WrkFigures {
  const found = (pattern: RegExp) => {
    const match = pattern.exec(text)?.[1];
    if (match === undefined) throw new Error(`wrk printed no ${pattern.source}:\n${text}`);
    return match;
  };
  const socketErrors = /Socket errors: (.*)/.exec(text)?.[1] ?? '';
  const wrong = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? '0';
  const errors = [...socketErrors.matchAll(/\d+/g)].map(([count]) => Number(count));
  return {
    requestsPerSecond: Number(found(/Requests\/sec:\s*([\d.]+)/)),
    bytesPerSecond: bytesOf(found(/Transfer\/sec:\s*(\S+)/)),
    p99Ms: millisecondsOf(found(/^\s*99%\s+(\S+)/m)),
    errors: errors.reduce((all, one) => all + one, Number(wrong)),
  };
}

const byteUnits = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 } as const;
const timeUnits = { us: 0.001, ms: 1, s: 1_000, m: 60_000 } as const;

function bytesOf(text: string): number {
  return scaled(text, byteUnits);
}

function millisecondsOf(text: string): number {
  return scaled(text, timeUnits);
}

function scaled(text: string, units: Readonly<Record<string, number>>): number {
  const [, value, unit = ''] = /^([\d.]+)([A-Za-z]+)$/.exec(text) ?? [];
  const factor = units[unit];
  if (value === undefined || factor === undefined) throw new Error(`wrk printed ${text}`);
  return Number(value) * factor;
}
