import { networkInterfaces } from 'node:os';
import { familyOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import type { ServiceAddress } from '../domain/model.ts';
import type { ProbeResult } from '../protocol/frames.ts';
import { canConnect } from '../system/connect.ts';
import { portPattern } from './facts.ts';
import { readBridges } from './kernel.ts';
import { resolveMac } from './wire/ask.ts';

const ownNamespace = '/proc/self/ns/net';

/**
 * Looks at an address from this host, as any machine on the segment would: who answers ARP or
 * neighbour discovery for it, and do TCP connections to the ports open. What the kernel remembers
 * of the address is not asked.
 */
export async function probeAddress(
  target: ServiceAddress,
  ports: readonly number[],
  timeoutMs: number,
  clock: Clock,
): Promise<ProbeResult> {
  const bridges = await readBridges(portPattern);
  const bridge = bridges.find(({ name }) => name === target.bridge);
  const own = bridge?.addresses.find((address) => familyOf(address) === target.family);
  // From inside a VLAN only its own members can ask; the host's bridge address is outside.
  const canAsk = bridge !== undefined && own !== undefined && target.vlan === null;
  const { address } = target;
  const [mac, ...open] = await Promise.all([
    canAsk
      ? resolveMac(
          { namespace: ownNamespace, name: bridge.name, mac: bridge.mac, own, address, timeoutMs },
          clock,
        )
      : null,
    ...ports.map((port) => canConnect({ host: address, port }, timeoutMs)),
  ]);
  return { mac, openPorts: ports.filter((_, index) => open[index]) };
}

/** Whether an address of the segment answers this host itself; null where it has none to ask from. */
export async function isAnswered(
  bridge: string,
  address: string,
  timeoutMs: number,
  clock: Clock,
): Promise<boolean | null> {
  const family = familyOf(address);
  const own = networkInterfaces()[bridge]?.find(
    (one) => familyOf(one.address) === family && !isLinkLocal(one.address),
  );
  if (own === undefined) return null;
  const question = { namespace: ownNamespace, name: bridge, mac: own.mac, own: own.address };
  return (await resolveMac({ ...question, address, timeoutMs }, clock)) !== null;
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('fe80:');
}
