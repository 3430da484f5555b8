import type { DesiredInstance } from '../domain/desired.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Hold } from './hold.ts';
import type { Inlet } from './inlet.ts';
import { conflict } from './instance-errors.ts';
import type { Machine } from './machine.ts';
import { isConnected, isHeldOn, isOffTheBridge, type Seen } from './plan.ts';
import type { Turn } from './turn.ts';

/** One instance on this host, as far as taking its addresses goes. */
export interface Taker {
  readonly id: InstanceId;
  /** For people. */
  readonly name: string;
  readonly port: string;
  readonly mac: string;
  readonly machine: Machine;
  readonly hold: Hold;
  readonly turn: Turn;
  readonly inlet: Inlet;
  /** False once the host is told something else: then nothing more may reach the wire. */
  readonly isStillDesired: (desired: DesiredInstance) => boolean;
}

/**
 * Puts a granted instance on the wire with its addresses, and speaks for them.
 *
 * @param pid the container's first process, whose network namespace gets the addresses
 * @returns false where something else became desired before it was on the wire
 * @throws BridgeheadError ADDRESS_CONFLICT where somebody else answers for one of them
 */
export async function take(
  taker: Taker,
  desired: DesiredInstance,
  pid: number,
  seen: Seen,
): Promise<boolean> {
  const isOurs = desired.released || seen.heldEpoch === desired.epoch || isHeldOn(desired, seen);
  const isTaken = isOurs
    ? await takeOurs(taker, desired, pid, seen)
    : await takeAfterAsking(taker, desired, pid, seen);
  if (!isTaken) return false;
  await taker.inlet.open(pid);
  await taker.machine.setHealthChecks(taker.id, true);
  return true;
}

// Nobody else can be answering, or will when its turn has come. All is ready inside but for the link
// until then. The hold need not be on disk before: an agent that restarts without it finds the grant,
// and that it was free to be taken.
async function takeOurs(
  { id, mac, machine, port, hold, turn, isStillDesired }: Taker,
  desired: DesiredInstance,
  pid: number,
  seen: Seen,
): Promise<boolean> {
  // A hold of this epoch came after the port was taken off: if it is on the bridge, its turn had come.
  const mayAnswer = desired.waitMs === 0 || seen.heldEpoch === desired.epoch;
  if (!mayAnswer && !isOffTheBridge(seen.port)) await machine.detachPort(port);
  const held = hold.remember(desired.epoch);
  if (!desired.released) await held;
  // It fails where it is waited for.
  held.catch(() => undefined);
  await machine.addAddresses(pid, desired.addresses);
  await turn.come(desired);
  if (!isStillDesired(desired)) {
    await held;
    return false;
  }
  await attach(machine, port, desired);
  machine.speak(id, pid, mac, desired.addresses);
  await held;
  return true;
}

async function takeAfterAsking(
  { id, name, mac, machine, port, hold, isStillDesired }: Taker,
  desired: DesiredInstance,
  pid: number,
  { port: before, interior }: Seen,
): Promise<boolean> {
  // What was left inside would speak as soon as the port is up, before the wire has been asked.
  const isLeft = interior !== null && interior.addresses.length > 0;
  if (isLeft && !isConnected(before)) await machine.flushAddresses(pid);
  await attach(machine, port, desired);
  const texts = desired.addresses.map(({ address }) => address);
  const claim = await machine.findDuplicate(pid, mac, texts);
  if (claim !== null) {
    machine.silence(id);
    await machine.detachPort(port);
    throw conflict(name, claim);
  }
  if (!isStillDesired(desired)) return false;
  // The hold is on disk before the address is on the wire, so that a restarted agent knows it.
  await hold.remember(desired.epoch);
  if (!isStillDesired(desired)) return false;
  await machine.addAddresses(pid, desired.addresses);
  machine.speak(id, pid, mac, desired.addresses);
  return true;
}

function attach(machine: Machine, port: string, { addresses }: DesiredInstance): Promise<void> {
  const [first] = addresses;
  if (first === undefined) throw new Error('an instance without addresses');
  return machine.attachPort(port, first.bridge, first.vlan);
}
