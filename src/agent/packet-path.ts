// What the agent sets of the kernel on the way of instances' packets, on the host and in their network
// namespaces. docs/packet-path.md has what each of it does, and what was measured.

import { readFileSync, writeFileSync } from 'node:fs';
import { insideNamespace } from './wire/libc.ts';

/** One setting of the kernel, by its path below /proc/sys. */
export interface KernelSetting {
  readonly name: string;
  /** Exactly so, or no less than that: what somebody has set higher stays. */
  readonly want: string | { readonly atLeast: number };
  readonly reason: string;
}

const filters =
  'frames of instances would pass through the firewall of the host, which is not theirs';

/** Of the host. Docker turns the first on whenever an Engine starts that has its own bridge. */
export const hostSettings: readonly KernelSetting[] = [
  { name: 'net/bridge/bridge-nf-call-iptables', want: '0', reason: filters },
  { name: 'net/bridge/bridge-nf-call-ip6tables', want: '0', reason: filters },
  { name: 'net/bridge/bridge-nf-call-arptables', want: '0', reason: filters },
  {
    name: 'net/core/netdev_max_backlog',
    want: { atLeast: 4_096 },
    reason: 'every packet of an instance waits in this queue once more, and is dropped beyond it',
  },
];

/** Of an instance's namespace, before anything in it reaches the wire. */
export const instanceSettings: readonly KernelSetting[] = [
  {
    name: 'net/ipv4/ip_local_port_range',
    want: '16384 65535',
    reason: 'connections to one server at once: 49,152 instead of 28,232',
  },
  {
    name: 'net/ipv4/tcp_max_syn_backlog',
    want: { atLeast: 4_096 },
    reason: 'connections that are being opened at once, as many as may wait to be accepted',
  },
];

/** What is to be written where `seen` is there; null where it is right already. */
export function correction({ want }: KernelSetting, seen: string): string | null {
  const words = seen.trim().split(/\s+/).join(' ');
  if (typeof want === 'string') return words === want ? null : want;
  return Number(words) >= want.atLeast ? null : String(want.atLeast);
}

/**
 * Brings settings of the namespace that this thread is in to what they should be. One that the kernel
 * lacks, such as those of a bridge without br_netfilter, is passed over.
 *
 * @returns what was changed, such as `net/bridge/bridge-nf-call-iptables: 1 is 0 now`
 */
export function applySettings(settings: readonly KernelSetting[]): readonly string[] {
  return settings.flatMap((setting) => {
    try {
      const path = `/proc/sys/${setting.name}`;
      const seen = readFileSync(path, 'utf8');
      const value = correction(setting, seen);
      if (value === null) return [];
      writeFileSync(path, value);
      return [`${setting.name}: ${seen.trim().replaceAll('\t', ' ')} is ${value} now`];
    } catch {
      return [];
    }
  });
}

/** The same in another network namespace. */
export function applyInside(namespace: string, settings: readonly KernelSetting[]): void {
  insideNamespace(namespace, () => applySettings(settings));
}
