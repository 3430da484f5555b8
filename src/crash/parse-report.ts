import { lossesOf, mixtureOf } from './doubts.ts';
import type { LogLine } from './envelope.ts';
import { factsOf } from './facts.ts';
import { faultOf } from './fault.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Frame } from './frame.ts';
import { type Head, headlessOf, headOf } from './heads.ts';
import type { CrashReport } from './report.ts';
import { isOfCrash, tracesOf } from './trace.ts';

/** A report's lines as the cutter found them; the first is its head. */
export interface Cut {
  readonly lines: readonly LogLine[];
  /** Number of the head's line in the input, from 1. */
  readonly line: number;
  readonly firstInBoot: boolean;
  /** What the cutter saw go wrong, in words. */
  readonly doubts: readonly string[];
}

/** Reads a report; null where its first line is no head. */
export function parseReport(cut: Cut): CrashReport | null {
  const first = cut.lines[0];
  const found = first === undefined ? null : (headOf(first.text) ?? headlessOf(first.text));
  if (first === undefined || found === null) return null;
  const { head, match } = found;
  const facts = factsOf(cut.lines);
  const traces = tracesOf(cut.lines);
  const needed = neededOf(head, cut.lines);
  const isBare = needed === null && head.bare !== undefined;
  const mixed = mixtureOf(head, match.groups?.['fn'], cut, traces);
  const isMixed = mixed.length > 0 && head.kind !== 'kasan';
  // Of a mixture only the pointer is taken, and only where it stands before any frame.
  const { pointer } = facts;
  const isPointerFirst =
    head.source === 'pointer' &&
    pointer !== null &&
    !traces.some(({ frames: [first] }) => first !== undefined && first.index < pointer.index);
  const fault =
    (isBare && head.kind !== 'kasan') || (isMixed && !isPointerFirst)
      ? null
      : faultOf(head, match, facts, isMixed ? [] : traces, cut.lines);
  const kindTitle = fill(isBare ? (head.bare ?? head.title) : head.title, match, needed);
  const doubts = [...mixed, ...lossesOf(head, kindTitle, needed, fault, traces, cut.lines)];
  const frames = traces
    .flatMap((trace) => (isOfCrash(trace) ? trace.frames : []))
    .map(({ frame }) => frame);
  const { pointer: _, ...said } = facts;
  return {
    kind: head.kind,
    title:
      isBare && head.kind === 'kasan'
        ? headText(match)
        : titleOf(head, kindTitle, isBare || head.bare === head.title, fault, match),
    function: fault?.function ?? null,
    module: fault?.module ?? null,
    frames,
    ...said,
    uptimeSeconds: first.uptimeSeconds,
    host: first.host === '' ? null : first.host,
    corrupted: doubts.length > 0,
    doubts,
    firstInBoot: cut.firstInBoot,
    fingerprint: fingerprintOf(kindTitle, fault?.function ?? null, fault?.module ?? null, frames),
    lines: cut.lines.map(({ text }) => text),
    line: cut.line,
  };
}

// Where a report says no more than its first line, that line is its title.
function headText(match: RegExpExecArray): string {
  return fill(match.input.slice(match.index).replace(/^BUG: /, ''), match, '');
}

function titleOf(
  head: Head,
  kindTitle: string,
  isBare: boolean,
  fault: Frame | null,
  match: RegExpExecArray,
): string {
  if (head.source === 'none') return kindTitle;
  if (fault === null && isBare && head.kind === 'lockdep') return kindTitle;
  if (fault !== null) return `${kindTitle} in ${fault.function}`;
  if (head.kind === 'kasan' && match.groups?.['fn'] === undefined) return kindTitle;
  return `${kindTitle} in corrupted`;
}

function neededOf(head: Head, lines: readonly LogLine[]): string | null {
  if (head.needs === undefined) return '';
  for (const { text } of lines.slice(1, head.kind === 'kasan' ? 3 : lines.length)) {
    const found = head.needs.exec(text);
    if (found !== null) return found[1] ?? '';
    if (head.kind === 'kasan' && headOf(text) !== null) return null;
  }
  return null;
}

function fill(title: string, match: RegExpExecArray, needed: string | null): string {
  const text = title
    .replace('$$', () => needed ?? '')
    .replace(/\$(\d)/g, (_, n: string) => match[Number(n)] ?? '');
  return text
    .replace(/\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?/g, '')
    .replace(/\b(?:0x)?[0-9a-f]{16}\b|\b0x[0-9a-f]+\b|\b[0-9a-f]{8}\b/g, 'ADDR')
    .replace(/\b\d+\b/g, 'NUM')
    .replace(/\s+/g, ' ')
    .replace(/ \.\.\.$/, '')
    .trim();
}
