// The time without a good answer that a kill has caused.

/** When a kill began and was over; milliseconds of one clock with the answers. */
export interface Kill {
  readonly startMs: number;
  readonly endMs: number;
}

/** From the last good answer before a loss to the next one. */
export interface Gap {
  readonly lastMs: number;
  readonly nextMs: number;
}

/** What was sent before the cut may still be read after it. */
const readingMs = 30;

/**
 * The longest gap among those that began while the kill was going on: a shorter or longer one at
 * another time is none of its doing.
 *
 * @param goodMs when good answers came, in order
 * @returns null where nothing was answered before the kill, or nothing after it
 */
export function gapOf(goodMs: readonly number[], { startMs, endMs }: Kill): Gap | null {
  let longest: Gap | null = null;
  if ((goodMs.at(-1) ?? 0) <= endMs + readingMs) return null;
  for (const [index, lastMs] of goodMs.entries()) {
    const nextMs = goodMs[index + 1];
    if (nextMs === undefined || nextMs < startMs || lastMs > endMs + readingMs) continue;
    if (longest === null || nextMs - lastMs > longest.nextMs - longest.lastMs) {
      longest = { lastMs, nextMs };
    }
  }
  return longest;
}
