/** One line of a comparison: in both texts, only in the old one, or only in the new one. */
export interface DiffLine {
  readonly kind: 'same' | 'old' | 'new';
  readonly text: string;
}

/** Most insertions and deletions that are looked for. Memory grows with its square: 8 MiB. */
const editsMax = 1_000;

/**
 * The shortest way from `before` to `after` in deleted and inserted lines (Myers, "An O(ND)
 * Difference Algorithm and Its Variations", 1986), which keeps a longest common subsequence. Where
 * that takes more than 1,000 edits, the part that differs is replaced whole.
 */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const old = before.slice(head, before.length - tail);
  const fresh = after.slice(head, after.length - tail);
  return [
    ...before.slice(0, head).map(same),
    ...(shortestEdit(old, fresh) ?? replaced(old, fresh)),
    ...before.slice(before.length - tail).map(same),
  ];
}

function same(text: string): DiffLine {
  return { kind: 'same', text };
}

function replaced(old: readonly string[], fresh: readonly string[]): DiffLine[] {
  return [
    ...old.map((text): DiffLine => ({ kind: 'old', text })),
    ...fresh.map((text): DiffLine => ({ kind: 'new', text })),
  ];
}

// `reach[k]` is how far into `old` one gets on diagonal k = x - y with the edits so far; one copy a
// round is kept to walk back on.
function shortestEdit(old: readonly string[], fresh: readonly string[]): DiffLine[] | null {
  const limit = Math.min(editsMax, old.length + fresh.length);
  const rounds: Int32Array[] = [];
  let reach = new Int32Array(3);
  for (let edits = 0; edits <= limit; edits += 1) {
    const next = new Int32Array(2 * edits + 3);
    rounds.push(next);
    for (let k = -edits; k <= edits; k += 2) {
      let x = edits === 0 ? 0 : startOf(reach, edits, k);
      while (x < old.length && x - k < fresh.length && old[x] === fresh[x - k]) x += 1;
      next[k + edits + 1] = x;
      if (x >= old.length && x - k >= fresh.length) return walkBack(rounds, old, fresh);
    }
    reach = next;
  }
  return null;
}

/** Where round `edits` begins on diagonal `k`, from the round before it. */
function startOf(reach: Int32Array, edits: number, k: number): number {
  const below = reach[k - 1 + edits] ?? 0;
  const above = reach[k + 1 + edits] ?? 0;
  return comesFromAbove(edits, k, below, above) ? above : below + 1;
}

function comesFromAbove(edits: number, k: number, below: number, above: number): boolean {
  return k === -edits || (k !== edits && below < above);
}

function walkBack(
  rounds: readonly Int32Array[],
  old: readonly string[],
  fresh: readonly string[],
): DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [old.length, fresh.length];
  for (let edits = rounds.length - 1; edits > 0; edits -= 1) {
    const reach = rounds[edits - 1] ?? new Int32Array(0);
    const k = x - y;
    const [below, above] = [reach[k - 1 + edits] ?? 0, reach[k + 1 + edits] ?? 0];
    const inserts = comesFromAbove(edits, k, below, above);
    const begin = inserts ? above : below + 1;
    for (; x > begin; x -= 1, y -= 1) lines.push(same(old[x - 1] ?? ''));
    if (inserts) {
      y -= 1;
      lines.push({ kind: 'new', text: fresh[y] ?? '' });
    } else {
      x -= 1;
      lines.push({ kind: 'old', text: old[x] ?? '' });
    }
  }
  for (; x > 0; x -= 1) lines.push(same(old[x - 1] ?? ''));
  return lines.toReversed();
}
