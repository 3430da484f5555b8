import { openEnvelope } from './envelope.ts';

/**
 * What a kernel says before anything else when it goes down for good (`panic()` in kernel/panic.c).
 * An oops is not among it: a kernel may live on after one.
 */
const lastWords = 'Kernel panic - not syncing';

/**
 * The words of a panic in a message of netconsole, plain or extended.
 *
 * @param message one datagram as text; several lines may be in it
 * @returns the line without what wraps it, such as `Kernel panic - not syncing: Fatal exception`;
 * null where there is none
 */
export function lastWordsIn(message: string): string | null {
  if (!message.includes(lastWords)) return null;
  for (const { text, isKernel } of message.split('\n').flatMap((line) => openEnvelope(line))) {
    if (isKernel && text.trimStart().startsWith(lastWords)) return text.trim();
  }
  return null;
}
