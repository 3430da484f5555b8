import type { FleetEvent } from '../domain/model.ts';
import type { FailedOver } from './fold.ts';
import type { Entry, Story } from './incident.ts';

/** The first so many: what a thousand instances did one after the other is in their operations. */
const entriesMax = 1_000;
const textMax = 1_000;

/** What agents and schedulers say of a host that belongs into its time line. */
const told: ReadonlyMap<string, Entry['from']> = new Map([
  ['host.last-words', 'kernel'],
  ['host.suspect', 'scheduler'],
  ['failover.held', 'scheduler'],
  ['host.ready', 'host'],
  ['host.returned', 'host'],
] as const);

/** What happened, in order; what happened in the same millisecond in the order cause, effect. */
export function timeLineOf(
  story: Story,
  {
    host,
    failover,
    events,
  }: {
    readonly host: string;
    readonly failover: FailedOver | null;
    readonly events: readonly FleetEvent[];
  },
): readonly Entry[] {
  const { verdict } = story;
  const entries: Entry[] = [];
  const add = (atMs: number | null, from: Entry['from'], text: string) => {
    if (atMs !== null) entries.push({ atMs, from, text: text.slice(0, textMax) });
  };
  for (const report of story.reports) add(report.firstMs, 'kernel', report.head);
  for (const { kind, atMs, message } of events) {
    const from = told.get(kind);
    if (from !== undefined) add(atMs, from, `${kind}: ${message}`);
  }
  if (verdict !== null) {
    add(verdict.lastHeardMs, 'witnesses', `last sign of life of ${host}`);
    const standbys = story.moves.filter(({ how }) => how === 'standby').length;
    const placed = story.moves.filter(({ how }) => how === 'placed').length;
    add(
      verdict.atMs,
      'scheduler',
      `${host} is held for dead: ${standbys} instances go to their standbys, ${placed} are placed anew`,
    );
    add(
      verdict.silencedMs,
      'witnesses',
      `the last lease of ${host} has run out: it can answer for nothing`,
    );
  }
  for (const { name, startedMs, endedMs, note } of failover?.operation.steps ?? []) {
    add(startedMs, 'operation', `failover: ${name} begins`);
    add(endedMs, 'operation', `failover: ${name}: ${note}`);
  }
  const { endedMs, state, error } = failover?.operation ?? {
    endedMs: null,
    state: '',
    error: null,
  };
  add(endedMs, 'operation', `failover: ${state}${error === null ? '' : `: ${error.message}`}`);
  for (const { atMs, instance, role, from, forInstance, state: how, tier } of story.sheds) {
    const what = role === 'standby' ? `the standby of ${instance}` : instance;
    add(
      atMs,
      'operation',
      `${what} (tier ${tier ?? '?'}) gives way on ${from} to ${forInstance}: ${how}`,
    );
  }
  for (const { instance, to, servedMs, how } of story.moves)
    if (how !== 'stays')
      add(servedMs, 'service', `${instance} answers on ${to ?? 'no host any more'}`);
  for (const { instance, to, servedMs } of story.sheds)
    add(servedMs, 'service', `${instance} is back on ${to ?? 'no host any more'}`);
  for (const { atMs, id, title } of story.reports)
    add(atMs, 'scheduler', `crash report ${id} is whole: ${title}`);
  add(story.servedMs, 'service', 'all that it held is served');
  return entries.toSorted((a, b) => a.atMs - b.atMs).slice(0, entriesMax);
}
