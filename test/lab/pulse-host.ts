// Run by pulse-fleet.ts inside a host's namespace: its pulse, told what to do by lines of JSON on its
// input, and saying what it sees in lines of JSON.

import { createInterface } from 'node:readline';
import { LeaseTable } from '../../src/agent/pulse/lease-table.ts';
import { Pulse } from '../../src/agent/pulse/pulse.ts';
import { pulseAssignment } from '../../src/protocol/witness.ts';

interface Command {
  readonly id: number;
  readonly assign?: unknown;
  readonly stop?: readonly string[];
  /** Replaces the rules by the same with other tokens beside, so that the kernel has work to do. */
  readonly reapply?: number;
  readonly renew?: readonly string[];
  readonly grant?: { readonly ports: readonly string[]; readonly ms: number };
}

const [, , priority, leased] = process.argv;
const say = (line: object) =>
  process.stdout.write(
    `${JSON.stringify({ ...line, atMs: Number(process.hrtime.bigint()) / 1e6 })}\n`,
  );

const table = new LeaseTable('bh_pulse_test');
const pulse = await Pulse.start({
  table,
  portPrefix: 'bh',
  device: 'br0',
  heartbeatPort: 7_946,
  priority: priority === 'none' ? null : Number(priority),
  areGrantsLeased: leased === 'leased',
  onReport: (report) => say({ report }),
  onWarning: (warning) => say({ warning }),
  onFailure: (error) => say({ failure: error.message }),
});
let assigned: unknown;
async function reapply(revision: number): Promise<void> {
  const assignment = pulseAssignment.parse(assigned);
  const other = revision.toString(16).padStart(64, '0');
  const witnesses = assignment.witnesses.map(({ host, secrets }) => ({
    host,
    secrets: [...secrets, other].slice(0, 2),
  }));
  await pulse.assign({ ...assignment, revision, witnesses });
}
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  try {
    if (command.assign !== undefined) await pulse.assign(pulseAssignment.parse(command.assign));
    if (command.assign !== undefined) assigned = command.assign;
    if (command.reapply !== undefined) await reapply(command.reapply);
    if (command.renew !== undefined)
      say({ refused: await table.renewPorts(command.renew, 60_000) });
    if (command.stop !== undefined) await pulse.stop(command.stop);
    if (command.grant !== undefined) await table.grantPorts(command.grant.ports, command.grant.ms);
    say({ done: command.id });
  } catch (error) {
    say({ done: command.id, failure: (error as Error).message });
  }
}
await pulse[Symbol.asyncDispose]();
