// The packet filter that holds a host's lease, as text for `nft -f`. The kernel itself renews a
// witness's grant when its probe arrives, and stops service traffic when too few are left: nothing of
// ours has to run for either.

import { createHash } from 'node:crypto';
import { grantWord, longGrantWord } from './probe-format.ts';

export interface LeaseWitness {
  readonly host: string;
  /** 16 bytes; a grant with it renews. */
  readonly token: Uint8Array;
}

export interface LeaseRules {
  /** Name of the `bridge` table, this agent's alone. */
  readonly table: string;
  /** What names of service ports begin with. Frames of other ports are never touched. */
  readonly portPrefix: string;
  readonly witnesses: readonly LeaseWitness[];
  /** Witnesses whose grants have to hold at once; 0 to ask for none. */
  readonly quorum: number;
  readonly leaseMs: number;
  /** How long a grant holds that a witness gives before it leaves for a moment. */
  readonly longLeaseMs: number;
}

/** Set of a witness's grant. By name, not by number: a grant never passes to another witness. */
export function grantSet(host: string): string {
  return `w_${createHash('sha256').update(host).digest('hex').slice(0, 16)}`;
}

/** Counter of the frames that were stopped; it outlives the rules around it. */
export const stoppedCounter = 'stopped';

// A set needs a key, and all that matters is whether its one element is there: the packet's mark,
// masked to nothing, is 0 for every packet of every family and hook (`meta nfproto` is refused in
// bridge tables).
const key = 'meta mark and 0x0';
// Expired elements count until the garbage collector comes, as late as a second after.
const grantSetSize = 1_024;
// Before anything else that filters bridges, br_netfilter included.
const priority = -350;

/**
 * One transaction: the kernel sees the rules before it or after it, nothing in between. Sets that stay
 * keep their elements; `staleSets` go. The same text again changes nothing.
 */
export function renderLeaseRules(rules: LeaseRules, staleSets: readonly string[] = []): string {
  const table = `bridge ${rules.table}`;
  const service = `"${rules.portPrefix}*"`;
  const grant = (kind: number) =>
    `ip protocol icmp icmp type echo-request @th,64,32 ${hex(word(kind))}`;
  const kinds = [
    [grantWord, rules.leaseMs],
    [longGrantWord, rules.longLeaseMs],
  ] as const;
  const lines = [
    `table ${table} {`,
    ...rules.witnesses.map(
      ({ host }) =>
        `  set ${grantSet(host)} { type mark; size ${grantSetSize}; flags dynamic,timeout; }`,
    ),
    `  counter ${stoppedCounter} { }`,
    '  chain lease { }',
    `  chain input { type filter hook input priority ${priority}; policy accept; }`,
    `  chain forward { type filter hook forward priority ${priority}; policy accept; }`,
    `  chain output { type filter hook output priority ${priority}; policy accept; }`,
    '}',
    `flush table ${table}`,
  ];
  const add = (chain: string, rule: string) => lines.push(`add rule ${table} ${chain} ${rule}`);
  for (const hosts of combinations(
    rules.witnesses.map(({ host }) => host),
    rules.quorum,
  ))
    add('lease', `${hosts.map((host) => `${key} @${grantSet(host)}`).join(' ')} return`.trim());
  if (rules.quorum > 0) add('lease', `counter name "${stoppedCounter}" drop`);
  add('input', `iifname ${service} goto lease`);
  for (const { host, token } of rules.witnesses)
    for (const [kind, ms] of kinds) {
      const update = `update @${grantSet(host)} { ${key} timeout ${ms}ms }`;
      add('input', `${grant(kind)} @th,96,128 ${hex(token)} ${update}`);
    }
  add('forward', `iifname ${service} jump lease`);
  add('forward', `oifname ${service} jump lease`);
  add('output', `oifname ${service} goto lease`);
  for (const name of staleSets) lines.push(`delete set ${table} ${name}`);
  return `${lines.join('\n')}\n`;
}

/** All ways to choose `count` of `items`, in order; at most 10 of five. */
function combinations<Item>(items: readonly Item[], count: number): Item[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, index) =>
    combinations(items.slice(index + 1), count - 1).map((rest) => [item, ...rest]),
  );
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
