import { createHash } from 'node:crypto';
import type { Frame } from './frame.ts';
import { isMachinery } from './machinery.ts';
import type { Fingerprint } from './report.ts';

/** Raised when a change of the rules would give an old report another id. */
export const fingerprintVersion = 1;

/**
 * Names what reports of one cause share. The function at fault and the kind stand in every build of
 * the kernel; addresses, offsets, compiler suffixes, processes and the frames between (which
 * inlining takes away) do not, and are left out. Where no function is known, up to three reliable
 * frames stand for it.
 *
 * @param kindTitle title without the function
 */
export function fingerprintOf(
  kindTitle: string,
  fault: string | null,
  module: string | null,
  frames: readonly Frame[],
): Fingerprint {
  const parts = [`kind ${kindTitle.toLowerCase().replace(/\s+/g, ' ').trim()}`];
  if (fault !== null) {
    parts.push(`function ${fault}`);
    if (module !== null) parts.push(`module ${module}`);
  } else {
    const telling = frames.filter((frame) => frame.isReliable && !isMachinery(frame.function));
    for (const frame of telling.slice(0, 3)) parts.push(`frame ${frame.function}`);
  }
  const text = [`v${fingerprintVersion}`, ...parts].join('\n');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { version: fingerprintVersion, id: `v${fingerprintVersion}-${hash}`, parts };
}
