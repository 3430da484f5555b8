import type { HostName } from '../domain/ids.ts';
import { macOfInstance } from '../domain/mac.ts';
import type { Instance } from '../domain/model.ts';
import { publicPorts } from '../haproxy/public-ports.ts';
import { probeResult } from '../protocol/frames.ts';
import type { Run } from './run.ts';

const probeTimeoutMs = 1_000;

/**
 * Looks at an instance's addresses from a third host, as a client would; with two hosts only, from
 * the one that it came from.
 *
 * @returns what was seen, for people
 * @throws BridgeheadError what the witness refused with, or that it did not answer
 */
export async function verifiedFrom(
  { hands }: Run,
  { id, spec, addresses }: Instance,
  target: HostName,
  source: HostName,
): Promise<string> {
  const others = hands.connected.filter((host) => host !== target && host !== source);
  const witness = others[0] ?? (hands.isConnected(source) ? source : null);
  if (witness === null) return 'no other host is there to look from';
  const mac = macOfInstance(id);
  const ports = new Map(publicPorts({ ...spec, addresses }).map((one) => [one.address, one.ports]));
  const seen = await Promise.all(
    addresses.map(async (address) => {
      const wanted = [...(ports.get(address.address) ?? [])];
      const body = { kind: 'probe', address, ports: wanted, timeoutMs: probeTimeoutMs } as const;
      const probe = probeResult.parse(await hands.ask(witness, body, probeTimeoutMs + 2_000));
      const isRight = probe.mac === mac && probe.openPorts.length === wanted.length;
      const opened = `${probe.openPorts.length} of ${wanted.length} ports open`;
      const text = `${address.address} is at ${probe.mac ?? 'nobody'}, ${opened}`;
      return isRight ? text : `NOT RIGHT: ${text}`;
    }),
  );
  return `from ${witness}: ${seen.join('; ')}`;
}
