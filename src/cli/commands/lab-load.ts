import { isIP } from 'node:net';
import { BridgeheadError } from '../../domain/errors.ts';
import type { Lab, LoadResult } from '../lab-contract.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';

export interface LoadOptions {
  readonly port: number;
  readonly ratePerSecond: number;
  readonly durationMs: number;
}

/** Sends requests from the lab's client to an instance or an address, and sums up what came back. */
export async function labLoad(
  session: Session,
  name: string,
  target: string,
  options: LoadOptions,
): Promise<void> {
  const lab = await session.lab();
  const address = isIP(target) === 0 ? await addressOf(lab, name, target) : target;
  const { terminal, format } = session;
  const result = await lab.labLoad(
    { name },
    {
      address,
      ...options,
      onSecond: (line) => {
        if (format === 'table') terminal.err(`${line}\n`);
      },
    },
  );
  await session.print(result, () => resultText(address, options.port, result));
}

async function addressOf(lab: Lab, name: string, instance: string): Promise<string> {
  const { instances } = await lab.labStatus({ name });
  const found = instances.find((one) => one.name === instance);
  const address = found?.addresses[0];
  if (address !== undefined) return address;
  throw new BridgeheadError(
    'NOT_FOUND',
    found === undefined
      ? `instance ${instance} is not in lab ${name}`
      : `instance ${instance} has no address yet`,
    `See what there is: bridgehead lab status${name === 'lab' ? '' : ` --name ${name}`}`,
  );
}

function resultText(address: string, port: number, result: LoadResult): string {
  const { sent, ok, failed, errors, latencyMs, longestGapMs } = result;
  const kinds = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`);
  const { p50, p99, max } = latencyMs;
  return recordText([
    ['Target', isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`],
    ['Sent', String(sent)],
    ['Answered', String(ok)],
    ['Failed', String(failed) + (kinds.length === 0 ? '' : ` (${kinds.join(', ')})`)],
    ['Latency', `p50 ${fine(p50)}, p99 ${fine(p99)}, max ${fine(max)}`],
    ['Longest gap', `${fine(longestGapMs)} without an answer`],
  ]);
}

function fine(ms: number | null): string {
  return ms === null ? '-' : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}
