import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { Host } from '../domain/model.ts';

/** @throws BridgeheadError NOT_FOUND */
export function findHost(hosts: readonly Host[], name: HostName): Host {
  const host = hosts.find((one) => one.name === name);
  if (host !== undefined) return host;
  throw new BridgeheadError(
    'NOT_FOUND',
    `host ${name} does not exist`,
    'See the hosts there are: bridgehead get hosts',
  );
}
