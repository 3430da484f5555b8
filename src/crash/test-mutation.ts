/** Numbers in [0, 1) that a seed fixes (mulberry32, by T. Ettinger). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Characters; longer than what is read of a line anywhere. */
const longestLine = 70_000;

/** A text with one to eight faults: lines lost, moved, doubled, cut; characters changed, inserted. */
export function mutated(text: string, random: () => number): string {
  const lines = text.split('\n');
  const below = (count: number) => Math.floor(random() * count);
  for (let left = 1 + below(8); left > 0; left--) {
    const at = below(lines.length);
    const line = lines[at] ?? '';
    const column = below(line.length + 1);
    const kind = below(6);
    if (kind === 0) lines.splice(at, 1);
    else if (kind === 1) lines.splice(below(lines.length), 0, ...lines.splice(at, 1));
    else if (kind === 2) lines.splice(at, 0, line);
    else if (kind === 3) lines[at] = line.slice(0, column);
    else if (kind === 4) {
      lines[at] =
        line.slice(0, column) + String.fromCharCode(below(0x300)) + line.slice(column + 1);
    } else {
      const again = line.slice(below(line.length + 1)).repeat(1 + below(40));
      // Eight times forty would be more than a string can be, and than any sender sends.
      lines[at] = (line.slice(0, column) + again).slice(0, longestLine);
    }
  }
  return lines.join('\n');
}
