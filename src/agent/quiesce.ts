import { commandOutput, runCommand } from '../system/command.ts';
import { namespaceOf } from './kernel.ts';

const table = 'inet bridgehead_quiesce';

// A SYN that is dropped is sent again by its client a second later (RFC 6298, initial RTO), by
// then to the new holder; a SYN that is answered and then forgotten would be a failed request.
// The set's element runs out in the kernel, so that an agent that dies here cuts nobody off.
const ruleset = (lifeMs: number): string => `
table ${table}
delete table ${table}
table ${table} {
  set closed {
    type inet_proto
    flags timeout
    elements = { tcp timeout ${Math.ceil(lifeMs / 1_000)}s }
  }
  chain input {
    type filter hook input priority -300; policy accept;
    meta l4proto @closed tcp flags & (syn | ack) == syn counter drop
  }
}
`;

/** Lets no new connection into the namespace of `pid`, for `lifeMs` at most. */
export async function quiesce(pid: number, lifeMs: number): Promise<void> {
  await commandOutput(['nsenter', `--net=${namespaceOf(pid)}`, 'nft', '-f', '-'], {
    input: ruleset(lifeMs),
  });
}

/** Lets new connections in again; nothing happens where they were not kept out. */
export async function endQuiesce(pid: number): Promise<void> {
  await runCommand([
    'nsenter',
    `--net=${namespaceOf(pid)}`,
    'nft',
    'delete',
    'table',
    ...table.split(' '),
  ]);
}
