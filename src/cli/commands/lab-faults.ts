import { constants } from 'node:os';
import { BridgeheadError } from '../../domain/errors.ts';
import { kernelFaults } from '../../lab/panic-machine/faults.ts';
import { partitionSides } from '../lab-contract.ts';
import type { Session } from '../session.ts';
import { stepPrinter } from '../steps.ts';

/** Breaks a host as a power cut does: everything on it is gone at once. */
export async function labCrash(
  session: Session,
  name: string,
  host: string,
  isPanic: boolean,
): Promise<void> {
  const lab = await session.lab();
  await lab.labCrash({ name }, host, isPanic);
  await report(session, name, host, 'crashed');
}

/** Has a real kernel panic on a host's bridge, and the host go with it. */
export async function labPanic(
  session: Session,
  name: string,
  host: string,
  fault: string,
): Promise<void> {
  const kind = kernelFaults.find((one) => one === fault);
  if (kind === undefined) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `--fault ${fault} is nothing that a kernel can be made to die of`,
      `Choose one of ${kernelFaults.join(', ')}.`,
    );
  }
  const lab = await session.lab();
  await lab.labPanic({ name }, host, kind);
  await report(session, name, host, 'crashed');
}

/** Cuts a host off: from the scheduler, from the other hosts, or from both. */
export async function labPartition(
  session: Session,
  name: string,
  host: string,
  from: string,
): Promise<void> {
  const side = partitionSides.find((one) => one === from);
  if (side === undefined) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `--from ${from} is nothing that a host can be cut off from`,
      `Choose one of ${partitionSides.join(', ')}.`,
    );
  }
  const lab = await session.lab();
  await lab.labPartition({ name }, host, side);
  const what = { all: 'everybody', control: 'the scheduler', peers: 'the other hosts' };
  await report(session, name, host, `cut off from ${what[side]}`);
}

/** Stops every process of a host where it is, while its kernel goes on. */
export async function labHang(session: Session, name: string, host: string): Promise<void> {
  const lab = await session.lab();
  await lab.labHang({ name }, host);
  await report(session, name, host, 'hung');
}

/** Undoes whatever was done to a host. */
export async function labHeal(session: Session, name: string, host: string): Promise<void> {
  const lab = await session.lab();
  await lab.labHeal({ name }, host, stepPrinter(session.terminal));
  await session.print({ name, host, state: 'healed' }, () => `host ${host} is healed`);
}

/** Sends a signal to one part of the lab. */
export async function labKill(
  session: Session,
  name: string,
  part: string,
  signal: string,
): Promise<void> {
  const full = signal.toUpperCase().startsWith('SIG')
    ? signal.toUpperCase()
    : `SIG${signal.toUpperCase()}`;
  if (!Object.hasOwn(constants.signals, full)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `--signal ${signal} is no signal`,
      'Give its name, such as KILL, TERM, STOP or CONT.',
    );
  }
  const lab = await session.lab();
  await lab.labKill({ name }, part, full);
  await session.print({ name, part, signal: full }, () => `${full} was sent to ${part}`);
}

function report(session: Session, name: string, host: string, state: string): Promise<void> {
  const own = name === 'lab' ? '' : ` --name ${name}`;
  return session.print(
    { name, host, state },
    () => `host ${host} is ${state}; undo it with: bridgehead lab heal ${host}${own}`,
  );
}
