// How a configuration, which its image has judged, comes into a running HAProxy: written beside the
// old one, loaded by a reload that hands the listening sockets over, and proven by asking the new
// worker which one it runs. When the new one does not come up, the old one comes back.

import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { MachineHaproxy } from './machine.ts';

const loadTimeoutMs = 10_000;
const pollMs = 10;

/**
 * Waits until HAProxy says that it runs the configuration of that hash.
 *
 * @returns false when it did not within ten seconds
 */
export async function awaitLoaded(
  haproxy: MachineHaproxy,
  id: InstanceId,
  hash: string,
  clock: Clock,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + loadTimeoutMs;
  while (clock.monotonicMs() < endMs) {
    if ((await haproxy.loadedHash(id)) === hash) return true;
    await clock.sleep(pollMs);
  }
  return false;
}

/**
 * Loads a configuration without closing a listening socket.
 *
 * @throws BridgeheadError CONFIG_REFUSED when the new worker does not come up; the old configuration
 * is back on disk and, if it was gone, loaded again
 */
export async function loadConfig(
  haproxy: MachineHaproxy,
  wanted: Pick<DesiredInstance, 'id' | 'name' | 'config' | 'configHash'>,
  clock: Clock,
): Promise<void> {
  const { id } = wanted;
  const old = await haproxy.readConfig(id);
  await haproxy.writeConfig(id, wanted.config);
  await haproxy.reload(id);
  if (await awaitLoaded(haproxy, id, wanted.configHash, clock)) return;
  if (old !== null && old !== wanted.config) {
    await haproxy.writeConfig(id, old);
    await haproxy.reload(id);
  }
  throw new BridgeheadError(
    'CONFIG_REFUSED',
    `instance ${wanted.name}: HAProxy did not come up with the new configuration; the old one is back`,
    "Read the container's log on the host (docker logs) and change the configuration.",
  );
}
