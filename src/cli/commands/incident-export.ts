import type { IncidentView } from '../../protocol/incident-views.ts';
import { durationText } from '../duration.ts';
import { oneLine, printable } from '../printable.ts';
import { byTier, moveText, otherText, shedText } from './incident.ts';

/**
 * An incident as Markdown for a ticket. Whatever a kernel, a host or a person wrote stands in code,
 * where nothing of it is read as Markdown, as HTML, or as a mention of somebody.
 */
export function incidentMarkdown(incident: IncidentView): string {
  const { id, host, story, state, resolved } = incident;
  const [report] = story.reports;
  const what = report?.title ?? (story.verdict === null ? 'crash' : 'held for dead');
  const lasted =
    story.servedMs === null
      ? 'not yet'
      : `${moment(story.servedMs)}, after ${durationText(story.servedMs - story.firstMs)}`;
  const parts = [
    `# Incident ${id}: host ${code(host)}: ${code(what)}`,
    list([
      `State: ${state}${resolved === null ? '' : `, by ${code(resolved.who)} ${moment(resolved.atMs)}: ${code(resolved.text)}`}`,
      `First symptom: ${moment(story.firstMs)}`,
      ...(story.verdict === null ? [] : [`Held for dead: ${moment(story.verdict.atMs)}`]),
      `All that it held served again: ${lasted}`,
      ...(story.verdict === null
        ? []
        : [`Host back: ${story.returnedMs === null ? 'not yet' : moment(story.returnedMs)}`]),
      ...(story.lastWords === null ? [] : [`Last words: ${code(story.lastWords)}`]),
    ]),
    section('The host at that time', factsOf(story.facts)),
    section(
      'Why it was held for dead',
      story.verdict === null ? ['It was not.'] : story.verdict.reasons.map(code),
    ),
    '## Crash reports',
    ...(story.reports.length === 0 ? ['None was heard.'] : []),
    ...story.reports.map((one) => reportText(one, incident.readings)),
    section('What it held', story.moves.map(moveText).map(code)),
    section(
      'What gave way, the least important first',
      byTier(story.sheds).map(shedText).map(code),
    ),
    '## Time line',
    list(
      story.timeLine.map(
        ({ atMs, from, text }) =>
          `${moment(atMs)} (+${durationText(atMs - story.firstMs)}) ${from}: ${code(text)}`,
      ),
    ),
    section('Other hosts at the same time', incident.together.map(otherText).map(code)),
    section('Earlier ones of the same group', incident.earlier.map(otherText).map(code)),
    section(
      'Notes',
      incident.notes.map(({ atMs, who, text }) => `${moment(atMs)} ${code(who)}: ${code(text)}`),
    ),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function factsOf(facts: IncidentView['story']['facts']): readonly string[] {
  if (facts === null) return ['Its agent had never joined.'];
  const labels = Object.entries(facts.labels).map(([key, value]) => `${key}=${value}`);
  return [
    `Kernel ${code(facts.kernel)}, Docker ${code(facts.docker)}, agent ${code(facts.agent)}`,
    `Boot ${code(facts.bootId)}, up ${durationText(facts.uptimeS * 1_000)}`,
    `${facts.cpus} CPUs, ${facts.memoryMib} MiB, ${facts.nics.map(code).join(', ') || 'no NIC on a bridge'}`,
    `Zone ${code(facts.zone || '-')}, rack ${code(facts.rack || '-')}, labels ${code(labels.join(' ') || '-')}`,
  ];
}

function reportText(
  report: IncidentView['story']['reports'][number],
  readings: IncidentView['readings'],
): string {
  const reading = readings.find(({ crashId }) => crashId === report.id);
  const known = (reading?.known ?? []).map((one) => {
    const { affected, why, upgrade } = one.verdict;
    const what = `${one.certainty === 'likely' ? 'Known as' : 'Perhaps'} ${code(one.title)}`;
    return [
      `${what} (${code(one.id)}, ${one.kind}): this kernel: ${affected}, ${code(why)}`,
      ...(upgrade === null ? [] : [code(upgrade)]),
      ...(one.advice === '' ? [] : [code(one.advice)]),
      ...one.sources.map(code),
    ].join('; ');
  });
  return [
    `### ${code(report.title)}`,
    list([
      `Report ${report.id}, ${moment(report.firstMs)}, kernel ${code(report.release ?? 'unknown')}, group ${code(report.fingerprint)}`,
      ...(known.length === 0 ? ['No known issue fits it.'] : known),
      ...(reading?.queries ?? []).map((query) => `Search for ${code(query)}`),
    ]),
    reading === undefined ? 'Its lines are not kept any more.' : block(reading.lines),
  ].join('\n\n');
}

function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `## ${title}\n\n${list(items)}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** A moment in UTC, to the millisecond. */
function moment(atMs: number): string {
  return new Date(atMs).toISOString();
}

// CommonMark 6.1: as many backticks as no run inside has, and a space where one would touch them.
function code(text: string): string {
  const plain = oneLine(printable(text)) || '-';
  const fence = '`'.repeat(longestRun(plain) + 1);
  const pad = /^`|`$/.test(plain) ? ' ' : '';
  return `${fence}${pad}${plain}${pad}${fence}`;
}

function block(lines: readonly string[]): string {
  const plain = lines.map((line) => printable(line).replaceAll('\n', ' '));
  const fence = '`'.repeat(Math.max(3, ...plain.map((line) => longestRun(line) + 1)));
  return [`${fence}text`, ...plain, fence].join('\n');
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
