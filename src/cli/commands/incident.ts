import type { IncidentItem, IncidentView } from '../../protocol/incident-views.ts';
import { durationText, fineMomentText, momentText } from '../duration.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { indented, recordText, tableText } from '../table.ts';
import { incidentMarkdown } from './incident-export.ts';

/** The rest is in the JSON and in the export. */
const knownShown = 3;

export interface IncidentListOptions {
  readonly host: string | undefined;
  readonly state: IncidentItem['state'] | undefined;
  readonly group: string | undefined;
  readonly limit: number;
}

/** Lists incidents, the newest first. */
export async function listIncidents(session: Session, options: IncidentListOptions): Promise<void> {
  const api = await session.connect();
  const items = await api.incidents(options);
  await session.print(items, () => (items.length === 0 ? 'no incidents' : itemsText(items)));
}

/** Shows one incident. */
export async function showIncident(session: Session, id: number): Promise<void> {
  const api = await session.connect();
  await printed(session, await api.incident(id));
}

/** Adds a note to an incident, and shows it. */
export async function noteIncident(session: Session, id: number, text: string): Promise<void> {
  const api = await session.connect();
  await printed(session, await api.noteIncident(id, text));
}

/** Closes an incident, and shows it. */
export async function resolveIncident(session: Session, id: number, note: string): Promise<void> {
  const api = await session.connect();
  await printed(session, await api.resolveIncident(id, note));
}

/** Prints an incident as Markdown. */
export async function exportIncident(session: Session, id: number): Promise<void> {
  const api = await session.connect();
  const incident = await api.incident(id);
  await session.print(incident, () => incidentMarkdown(incident));
}

/** What an incident is about, in a few words. */
export function aboutIncident({ title, isDead }: IncidentItem): string {
  return title ?? (isDead ? 'held for dead' : 'crash');
}

function itemsText(items: readonly IncidentItem[]): string {
  return tableText(
    ['ID', 'FIRST SYMPTOM', 'HOST', 'STATE', 'SERVED AFTER', 'HELD', 'SHED', 'KERNEL', 'WHAT'],
    items.map((item) => [
      String(item.id),
      momentText(item.firstMs),
      said(item.host),
      item.state,
      item.servedMs === null ? '-' : durationText(item.servedMs - item.firstMs),
      String(item.instances),
      String(item.sheds),
      said(item.release ?? '-'),
      said(aboutIncident(item)),
    ]),
    { right: new Set(['HELD', 'SHED']) },
  );
}

function printed(session: Session, incident: IncidentView): Promise<void> {
  return session.print(incident, () => {
    const { story, readings } = incident;
    const lines = story.timeLine.map(({ atMs, from, text }) => [
      fineMomentText(atMs),
      `+${durationText(atMs - story.firstMs)}`,
      from,
      said(text),
    ]);
    const text = recordText(fieldsOf(incident, readings), session.columns);
    const table = tableText(['TIME', 'AFTER', 'FROM', 'WHAT'], lines);
    return `${text}\n\nTime line (UTC)\n${lines.length === 0 ? '  nothing yet' : indented(table)}`;
  });
}

function fieldsOf(
  { id, host, state, story, resolved, notes, earlier, together, failoverId }: IncidentView,
  readings: IncidentView['readings'],
): readonly (readonly [string, string])[] {
  const { facts, verdict, moves, sheds } = story;
  const several = (values: readonly string[]) => values.map(said).join('\n') || 'none';
  return [
    ['Incident', String(id)],
    ['Host', said(host)],
    [
      'State',
      resolved === null
        ? state
        : `resolved by ${said(resolved.who)} ${momentText(resolved.atMs)}: ${said(resolved.text)}`,
    ],
    ['First symptom', momentText(story.firstMs)],
    [
      'Served again',
      story.servedMs === null ? 'not yet' : `after ${durationText(story.servedMs - story.firstMs)}`,
    ],
    ['Host back', backText(story, failoverId)],
    ...(facts === null
      ? []
      : ([
          ['Kernel', said(facts.kernel)],
          ['Boot', `${said(facts.bootId)}, up ${durationText(facts.uptimeS * 1_000)}`],
        ] as const)),
    ['Evidence', verdict === null ? 'not held for dead' : several(verdict.reasons)],
    ...(story.lastWords === null ? [] : ([['Last words', said(story.lastWords)]] as const)),
    [
      'Reports',
      several(story.reports.map((one) => `${one.id}: ${one.title} (${one.fingerprint})`)),
    ],
    ...readings.flatMap(({ crashId, known, queries }) => [
      ...known
        .slice(0, knownShown)
        .map(
          (one) =>
            [
              `  ${crashId} ${one.certainty === 'likely' ? 'known as' : 'perhaps'}`,
              said(
                `${one.title} (${one.id}); this kernel: ${one.verdict.affected}, ${one.verdict.why}`,
              ),
            ] as const,
        ),
      [`  ${crashId} search for`, several(queries)] as const,
    ]),
    ['Moved', several(moves.map(moveText))],
    ...(sheds.length === 0 ? [] : ([['Gave way', several(byTier(sheds).map(shedText))]] as const)),
    ['At the same time', several(together.map(otherText))],
    ['Earlier alike', several(earlier.map(otherText))],
    ['Notes', several(notes.map((note) => `${momentText(note.atMs)} ${note.who}: ${note.text}`))],
  ];
}

function backText(story: IncidentView['story'], failoverId: string | null): string {
  if (failoverId === null) return 'it was never held for dead';
  return story.returnedMs === null ? 'not yet' : momentText(story.returnedMs);
}

/** Tier 3 first: in the order in which they gave way. */
export function byTier(sheds: IncidentView['story']['sheds']): IncidentView['story']['sheds'] {
  return sheds.toSorted((a, b) => (b.tier ?? 0) - (a.tier ?? 0) || a.atMs - b.atMs);
}

/** Where an instance of the host went, as one line. */
export function moveText({ instance, tier, how, to, servedMs, isGone }: Move): string {
  const what = `${instance} (tier ${tier ?? '?'})`;
  if (isGone) return `${what}: not desired any more`;
  if (how === 'stays') return `${what}: moved by nobody, on ${to ?? 'no host'}`;
  const way = how === 'standby' ? 'to its standby' : 'placed anew';
  const when =
    servedMs === null ? 'does not answer yet' : `answers since ${fineMomentText(servedMs)}`;
  return `${what}: ${way} on ${to ?? 'no host yet'}, ${when}`;
}

/** What gave way, as one line. */
export function shedText(one: IncidentView['story']['sheds'][number]): string {
  const what = `${one.role === 'standby' ? 'standby of ' : ''}${one.instance} (tier ${one.tier ?? '?'})`;
  const back =
    one.role === 'standby' || one.state !== 'done'
      ? one.state
      : one.servedMs === null
        ? 'not back yet'
        : `back on ${one.to ?? 'no host any more'} since ${fineMomentText(one.servedMs)}`;
  return `${what} on ${one.from} for ${one.forInstance} (tier ${one.forTier}): ${back}`;
}

/** Another incident, as one line. */
export function otherText(item: IncidentItem): string {
  return `${item.id}: ${item.host}, ${momentText(item.firstMs)}, ${item.state}: ${aboutIncident(item)}`;
}

type Move = IncidentView['story']['moves'][number];

function said(text: string): string {
  return oneLine(printable(text));
}
