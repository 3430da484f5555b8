import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName } from '../domain/ids.ts';
import { macOfInstance } from '../domain/mac.ts';
import type { ObservedInstance } from '../domain/model.ts';
import { isConnected, isOnTheWire, type Seen } from './plan.ts';

/** What the schedulers are told of an instance on this host. */
export function describe(
  instance: { readonly id: InstanceId; readonly name: InstanceName },
  desired: DesiredInstance | null,
  seen: Seen,
  problem: ObservedInstance['problem'],
  oldWorkers?: ObservedInstance['oldWorkers'],
): ObservedInstance {
  const settled = desired?.role === 'active' ? 'serving' : 'standby';
  return {
    id: instance.id,
    name: instance.name,
    phase: problem !== null ? 'failed' : desired === null ? 'preparing' : settled,
    epoch: desired?.epoch ?? (0 as Epoch),
    containerRunning: seen.container?.running ?? false,
    linkUp: isConnected(seen.port),
    mac: macOfInstance(instance.id),
    addresses: isOnTheWire(seen) ? (seen.interior?.addresses ?? []) : [],
    configHash: seen.loadedHash,
    problem,
    ...(oldWorkers === undefined ? {} : { oldWorkers }),
  };
}

/** An instance whose port is known to be off the wire, by a look at nothing but the port. */
export function describeOff(
  instance: { readonly id: InstanceId; readonly name: InstanceName },
  epoch: Epoch,
): ObservedInstance {
  return {
    id: instance.id,
    name: instance.name,
    phase: 'preparing',
    epoch,
    containerRunning: false,
    linkUp: false,
    mac: macOfInstance(instance.id),
    addresses: [],
    configHash: null,
    problem: null,
  };
}
