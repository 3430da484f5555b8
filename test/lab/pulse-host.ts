// Run by pulse-fleet.ts inside a host's namespace: its pulse, told what to do by lines of JSON on its
// input, and saying what it sees in lines of JSON.

import { createInterface } from 'node:readline';
import { LeaseTable } from '../../src/agent/pulse/lease-table.ts';
import { Pulse } from '../../src/agent/pulse/pulse.ts';
import { type PulseFrame, pulseFrame } from '../../src/protocol/pulse-frames.ts';
import { systemClock } from '../../src/system/clock.ts';

interface Command {
  readonly id: number;
  readonly assign?: unknown;
  /** Replaces the rules by others and back, so that the kernel has work to do. */
  readonly reapply?: number;
  readonly promise?: { host: string; silences: number; session: string };
  readonly resume?: { host: string; silences: number; sessions: readonly string[] };
  readonly read?: true;
  readonly end?: true;
}

const [, , promisesFile = ''] = process.argv;
const say = (line: object) =>
  process.stdout.write(
    `${JSON.stringify({ ...line, atMs: Number(process.hrtime.bigint()) / 1e6 })}\n`,
  );

const table = new LeaseTable('bh_pulse_test');
const pulse = await Pulse.start({
  ...{ clock: systemClock, table },
  ...{ bridges: ['br0'], portPrefix: 'bh', priority: 1, promisesFile, bootId: 'boot' },
  onWarning: (warning) => say({ warning }),
  onFailure: (error) => say({ failure: error.message }),
});
pulse.onReport((report) => say({ report }));
let assigned: PulseFrame | null = null;
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  try {
    if (command.assign !== undefined) {
      assigned = pulseFrame.parse(command.assign);
      await pulse.assign(assigned);
    }
    if (command.reapply !== undefined && assigned !== null) {
      await pulse.assign({ ...assigned, witnesses: assigned.witnesses.toReversed() });
      await pulse.assign(assigned);
    }
    if (command.promise !== undefined) pulse.promise(command.promise);
    if (command.resume !== undefined) pulse.resume(command.resume);
    if (command.read === true) say({ lease: await table.read() });
    if (command.end === true) await pulse[Symbol.asyncDispose]();
    say({ done: command.id });
  } catch (error) {
    say({ done: command.id, failure: (error as Error).message });
  }
}
