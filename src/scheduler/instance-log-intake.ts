import type { HostName } from '../domain/ids.ts';
import { readHaproxyLine } from '../logs/haproxy-line.ts';
import type { LogMessage } from '../logs/message.ts';
import type { InstanceLogFrame } from '../protocol/instance-log-frames.ts';
import type { KernelRecord } from '../protocol/kernel-frames.ts';
import { KernelIntake, type KernelIntakeParts } from './kernel-intake.ts';
import { ownMessage } from './log-intake.ts';

/** How much of a container's id names it. */
const idShown = 12;

/**
 * Stores what instances print, in a line of its own beside that of kernels.
 *
 * @returns takes a batch; resolves to whether it is in the store, else the agent sends it again
 */
export function instanceLogIntake(
  parts: Pick<KernelIntakeParts, 'store' | 'clock' | 'log'>,
): (host: HostName, frame: InstanceLogFrame) => Promise<boolean> {
  const intake = new KernelIntake({ ...parts, read: messageOf, onMessage: () => undefined });
  return (host, { instance, container, records }) => {
    const source = `container/${container.slice(0, idShown)}`;
    return intake.take(host, { boot: '', source, records, instance });
  };
}

function messageOf(
  { text, saidMs, lost }: KernelRecord,
  _: string,
  receivedMs: number,
): LogMessage {
  if (lost !== undefined) {
    return ownMessage(
      `${lost} lines of this instance were dropped on its host: more came than are taken`,
    );
  }
  return { ...readHaproxyLine(text.replaceAll('\0', '\uFFFD'), receivedMs), saidMs };
}
