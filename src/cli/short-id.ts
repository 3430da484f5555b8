/** Lengths at which the groups of a UUID end. */
const groupEnds = [8, 13, 18, 23, 36] as const;

/** The first group of an operation's id, by which the `ops` verbs find it. */
export function shortId(id: string): string {
  return id.slice(0, groupEnds[0]);
}

/** Ids cut after as few groups as tell them apart. */
export function shortIds(ids: readonly string[]): readonly string[] {
  const isEnough = (length: number) =>
    new Set(ids.map((id) => id.slice(0, length))).size === ids.length;
  const length = groupEnds.find(isEnough) ?? groupEnds.at(-1);
  return ids.map((id) => id.slice(0, length));
}
