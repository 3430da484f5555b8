// The packet filter that holds a host's lease, as text for `nft -f`. The kernel itself renews a
// witness's grant when its probe arrives, and stops service traffic when too few are left: nothing of
// ours has to run for either.

import { createHash } from 'node:crypto';
import { grantWord } from './probe-format.ts';

export interface LeaseWitness {
  readonly host: string;
  /** 16 bytes each; any of them renews. */
  readonly tokens: readonly Uint8Array[];
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
  readonly portMs: number;
  /**
   * Whether this host's own grants leave it only while it has a lease itself. Safety does not need
   * it, and a fleet whose leases have all run out (cold start, a switch that restarted) never gets
   * one again with it: nobody may grant the first.
   */
  readonly areGrantsLeased: boolean;
}

/** ceil(k/2): any k-q+1 witnesses that stopped leave fewer than a quorum. */
export function quorumOf(witnesses: number): number {
  return Math.ceil(witnesses / 2);
}

/** Set of a witness's grant. By name, not by number: a grant never passes to another witness. */
export function grantSet(host: string): string {
  return `w_${createHash('sha256').update(host).digest('hex').slice(0, 16)}`;
}

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
  const grant = `ip protocol icmp icmp type echo-request @th,64,32 ${hex(word(grantWord))}`;
  const set = (host: string) => grantSet(host);
  const lines = [
    `table ${table} {`,
    ...rules.witnesses.map(
      ({ host }) =>
        `  set ${set(host)} { type mark; size ${grantSetSize}; flags dynamic,timeout; }`,
    ),
    '  set ports { type ifname; flags timeout; }',
    '  chain lease { }',
    '  chain entering { }',
    '  chain leaving { }',
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
    add('lease', `${hosts.map((host) => `${key} @${set(host)}`).join(' ')} return`.trim());
  if (rules.quorum > 0) add('lease', 'drop');
  add('entering', 'iifname != @ports drop');
  add('entering', 'jump lease');
  add('leaving', 'oifname != @ports drop');
  add('leaving', 'jump lease');
  add('input', `iifname ${service} goto entering`);
  for (const { host, tokens } of rules.witnesses)
    for (const token of tokens)
      add(
        'input',
        `${grant} @th,96,128 ${hex(token)} update @${set(host)} { ${key} timeout ${rules.leaseMs}ms }`,
      );
  add('forward', `iifname ${service} jump entering`);
  add('forward', `oifname ${service} jump leaving`);
  add('output', `oifname ${service} goto leaving`);
  if (rules.areGrantsLeased) add('output', `${grant} jump lease`);
  for (const name of staleSets) lines.push(`delete set ${table} ${name}`);
  return `${lines.join('\n')}\n`;
}

/** Text that lets ports pass for so long, whether they passed before or not. */
export function renderPortsGranted(table: string, ports: readonly string[], ms: number): string {
  const names = [...ports];
  // Older kernels keep an element's first timeout, so that it has to go and come in one transaction.
  return [elements('add', table, names, ms), renderPortsRenewed(table, ports, ms)].join('');
}

/**
 * Text that prolongs ports. The kernel refuses the whole transaction (ENOENT) where one of them has
 * run out meanwhile: what was stopped is never let through again by a late renewal.
 */
export function renderPortsRenewed(table: string, ports: readonly string[], ms: number): string {
  return elements('delete', table, ports) + elements('add', table, ports, ms);
}

export function renderPortsRevoked(table: string, ports: readonly string[]): string {
  return elements('add', table, ports, 1_000) + elements('delete', table, ports);
}

function elements(verb: string, table: string, ports: readonly string[], ms?: number): string {
  const timeout = ms === undefined ? '' : ` timeout ${ms}ms`;
  const list = ports.map((port) => `"${port}"${timeout}`).join(', ');
  return `${verb} element bridge ${table} ports { ${list} }\n`;
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
