// How a network of three hosts and a scheduler can be torn, one way too, and what has to come of it.

import type { Random } from '../../sim/random.ts';

export const hostNames = ['host-1', 'host-2', 'host-3'] as const;
export type LabHost = (typeof hostNames)[number];
/** Ports of the lab's switch: the three hosts and the scheduler. */
export const members = [...hostNames, 'control'] as const;
export type Member = (typeof members)[number];

/** Frames that enter the switch at `from` do not leave it at `to`. */
export interface Cut {
  readonly from: Member;
  readonly to: Member;
}

export interface Shape {
  readonly cuts: readonly Cut[];
}

/** Every way there is for a frame: 12, so 4,096 shapes. */
export const ways: readonly Cut[] = members.flatMap((from) =>
  members.filter((to) => to !== from).map((to) => ({ from, to })),
);

/** The 14 ways to tear four into groups that do not hear each other. */
export const splits: readonly Shape[] = groupings(members)
  .filter((groups) => groups.length > 1)
  .map((groups) => {
    const groupOf = (member: Member) => groups.findIndex((group) => group.includes(member));
    return { cuts: ways.filter(({ from, to }) => groupOf(from) !== groupOf(to)) };
  });

/** One that hears nobody, or is heard by nobody; one way that is cut; one pair that is. */
export const oneSided: readonly Shape[] = [
  ...members.flatMap((member) => [
    { cuts: ways.filter(({ to }) => to === member) },
    { cuts: ways.filter(({ from }) => from === member) },
  ]),
  ...ways.map((way) => ({ cuts: [way] })),
  ...ways
    .filter(({ from, to }) => from < to)
    .map((way) => ({ cuts: [way, { from: way.to, to: way.from }] })),
];

/**
 * So many shapes, in an order that the random numbers say: all splits first, then by turns one of
 * the one-sided and any of the 4,095.
 */
export function drawShapes(count: number, random: Random): readonly Shape[] {
  const sided = shuffled(oneSided, random);
  const drawn = [...shuffled(splits, random)];
  while (drawn.length < count) {
    const next = drawn.length % 2 === 0 ? sided.pop() : undefined;
    drawn.push(next ?? anyShape(random));
  }
  return drawn.slice(0, count);
}

function anyShape(random: Random): Shape {
  const share = random.next();
  const cuts = ways.filter(() => random.chance(share));
  return cuts.length === 0 ? anyShape(random) : { cuts };
}

/**
 * What a shape means for the instances of one host. `stays`: a witness hears it, so it goes on
 * serving. `moves`: nobody hears it, both others can say so, and they hear each other. `rests`:
 * nobody hears it, so it must not answer, and nobody can prove that to a scheduler. `either`: both
 * others' words reach the scheduler, whose own reach not both: a stream that is cut one way carries
 * what its sender has to say until it misses the answers, and the proof may be among it.
 */
export type Fate = 'stays' | 'moves' | 'rests' | 'either';

export function fateOf(host: LabHost, shape: Shape): Fate {
  const isCut = (from: Member, to: Member) => isCutIn(shape, from, to);
  const hearEachOther = (one: Member, other: Member) => hearEachOtherIn(shape, one, other);
  const [first, second] = hostNames.filter((name) => name !== host);
  if (first === undefined || second === undefined) throw new Error('three hosts');
  const witnesses = [first, second];
  if (witnesses.some((witness) => hearEachOther(witness, host))) return 'stays';
  const canSay = witnesses.every((witness) => hearEachOther(witness, 'control'));
  if (canSay) return hearEachOther(first, second) ? 'moves' : 'rests';
  return witnesses.every((witness) => !isCut(witness, 'control')) ? 'either' : 'rests';
}

/** Hosts that hear this one, and have no way to the scheduler and back. */
export function witnessesCutOff(host: LabHost, shape: Shape): readonly LabHost[] {
  return hostNames.filter(
    (name) =>
      name !== host &&
      hearEachOtherIn(shape, name, host) &&
      !hearEachOtherIn(shape, name, 'control'),
  );
}

function isCutIn({ cuts }: Shape, from: Member, to: Member): boolean {
  return cuts.some((cut) => cut.from === from && cut.to === to);
}

function hearEachOtherIn(shape: Shape, one: Member, other: Member): boolean {
  return !isCutIn(shape, one, other) && !isCutIn(shape, other, one);
}

/** `nft` words that cut a switch so, in one transaction. */
export function cutWords(table: string, { cuts }: Shape): string {
  const rules = cuts.map(({ from, to }) => `iifname "${from}" oifname "${to}" drop\n`);
  const chain = `type filter hook forward priority 0; policy accept;\n${rules.join('')}`;
  return `table bridge ${table} {\nchain forward {\n${chain}}\n}`;
}

/** For people, such as `host-1>control host-2=host-3`: `=` is cut both ways. */
export function nameOf({ cuts }: Shape): string {
  const isCut = (from: Member, to: Member) =>
    cuts.some((cut) => cut.from === from && cut.to === to);
  return cuts
    .flatMap(({ from, to }) => {
      if (!isCut(to, from)) return `${from}>${to}`;
      return from < to ? `${from}=${to}` : [];
    })
    .join(' ');
}

function groupings<Item>(items: readonly Item[]): readonly (readonly (readonly Item[])[])[] {
  const [first, ...rest] = items;
  if (first === undefined) return [[]];
  return groupings(rest).flatMap((groups) => [
    [[first], ...groups],
    ...groups.map((_, at) =>
      groups.map((group, index) => (index === at ? [first, ...group] : group)),
    ),
  ]);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, rank: random.next() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
