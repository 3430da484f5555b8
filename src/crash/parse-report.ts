import type { LogLine } from './envelope.ts';
import { type Facts, factsOf } from './facts.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Frame, plainFunction } from './frame.ts';
import { type Head, headOf } from './heads.ts';
import { isMachinery } from './machinery.ts';
import type { CrashReport } from './report.ts';
import { stalledFunction } from './stall.ts';
import { type Trace, tracesOf } from './trace.ts';

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
  const found = first === undefined ? null : headOf(first.text);
  if (first === undefined || found === null) return null;
  const { head, match } = found;
  const facts = factsOf(cut.lines);
  const traces = tracesOf(cut.lines);
  const needed = neededOf(head, cut.lines);
  const isBare = needed === null && head.bare !== undefined;
  const isMixed = cut.doubts.length > 0 && head.isBrief !== true && head.source !== 'none';
  const fault =
    (isMixed || isBare) && head.kind !== 'kasan'
      ? null
      : faultOf(head, match, facts, traces, cut.lines);
  const doubts = [
    ...(isMixed ? cut.doubts : []),
    ...doubtsOf(head, needed, fault, traces, cut.lines),
  ];
  const kindTitle = fill(isBare ? (head.bare ?? head.title) : head.title, match, needed);
  const frames = traces
    .flatMap((trace) => (isOfCrash(trace) ? trace.frames : []))
    .map(({ frame }) => frame);
  const { pointer: _, ...said } = facts;
  return {
    kind: head.kind,
    title:
      isBare && head.kind === 'kasan' ? headText(match) : titleOf(head, kindTitle, fault, match),
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
  fault: Frame | null,
  match: RegExpExecArray,
): string {
  if (head.source === 'none') return kindTitle;
  if (fault === null && head.bare === kindTitle && head.kind === 'lockdep') return kindTitle;
  if (fault !== null) return `${kindTitle} in ${fault.function}`;
  if (head.kind === 'kasan' && match.groups?.['fn'] === undefined) return kindTitle;
  return `${kindTitle} in corrupted`;
}

function neededOf(head: Head, lines: readonly LogLine[]): string | null {
  if (head.needs === undefined) return '';
  for (const { text } of lines.slice(1, head.kind === 'kasan' ? 3 : lines.length)) {
    const found = head.needs.exec(text);
    if (found !== null) return found[1] ?? '';
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

// Functions that check what they are called with: the caller is named with them.
// What only passes a page or a buffer on, by kind of report.
const freeing = new RegExp(
  [
    String.raw`^(?:folios?_\w+|__folio_\w+|put_page\w*|release_pages|skb_(?:free|release)\w*|`,
    String.raw`k?free_skb\w*|__kfree_skb|kfree_skb\w*|consume_skb|sk_skb_reason_drop|page_pool_\w+|`,
    String.raw`napi_\w+|_*filemap_\w+|pagecache_get_page|folio_alloc\w*|_*page_pool_\w+|`,
    String.raw`__(?:re)?set_page_owner|vma_alloc_\w+)$`,
  ].join(''),
);
const skipped: Readonly<Record<string, RegExp>> = {
  'BUG: $1': freeing,
  'memory leak': /^(?:\w*alloc_skb\w*|__netdev_alloc\w*|netdev_alloc\w*)$/,
};
const checksCaller = /^usb_submit_urb$/;

function faultOf(
  head: Head,
  match: RegExpExecArray,
  facts: Facts,
  traces: readonly Trace[],
  lines: readonly LogLine[],
): Frame | null {
  if (head.source === 'none') return null;
  if (head.source === 'lock') {
    const place = lockPlace(lines);
    if (place !== null || head.isBrief === true) return place;
  }
  const usable = traces.filter((trace) => isOfCrash(trace) && trace.frames.length > 0);
  const traced = usable.filter(({ name }) => name === 'trace');
  // Whoever finds a page in a bad state has only drawn it: whoever had it before has left it so.
  const owners = head.source === 'owner' ? traces.filter(({ name }) => name === 'owner') : [];
  const chosen = [...owners, ...(traced.length > 0 ? traced : usable)];
  if (head.source === 'stall') {
    for (const trace of chosen) {
      if (trace.frames.some(({ frame }) => /^rcu_gp_kthread$/.test(frame.function))) continue;
      if (!trace.frames.some(({ frame }) => frame.isReliable)) return null;
      const sampled = withPointer(trace, facts.pointer).map(({ frame }) => frame);
      const stalled = stalledFunction(sampled, head.kind !== 'stack-overflow');
      if (stalled !== null) return stalled;
      return null;
    }
    return null;
  }
  const named = match.groups?.['fn'];
  if (head.source === 'head' && named !== undefined && head.kind !== 'warning') {
    const frame = frameNamed(named);
    if (
      !isMachinery(frame.function) &&
      !checksCaller.test(named) &&
      !/^[0-9a-f]{8,16}$/.test(named)
    )
      return frame;
  }
  const { pointer } = facts;
  const usesPointer = head.source === 'pointer' || head.kind === 'warning';
  if (head.kind === 'warning' && chosen.length === 0) return null;
  const candidates: Frame[] = [];
  if (usesPointer && pointer !== null) {
    candidates.push(pointer.frame);
    for (const trace of chosen) {
      const after = trace.frames.filter(({ index }) => index > pointer.index);
      candidates.push(...after.map(({ frame }) => frame));
      if (after.length > 0) break;
    }
  } else {
    if (named !== undefined && head.kind === 'warning') candidates.push(frameNamed(named));
    candidates.push(...(chosen[0]?.frames ?? []).map(({ frame }) => frame));
  }
  const real = candidates.filter((frame) => frame.isReliable && !frame.isInlined);
  const skips = skipped[head.title];
  const isAtFault = (frame: Frame) =>
    !isMachinery(frame.function) &&
    skips?.test(frame.function) !== true &&
    (head.kind === 'warning' || !checksCaller.test(frame.function));
  const at = real.findIndex(isAtFault);
  const fault = real[at];
  if (fault === undefined) return null;
  const caller = real.slice(at + 1).find(isAtFault);
  if (checksCaller.test(fault.function) && caller !== undefined) {
    return { ...fault, function: `${caller.function}/${fault.function}` };
  }
  return fault;
}

function isOfCrash({ name }: Trace): boolean {
  return name === 'head' || name === 'trace';
}

// A trace taken from an interrupt, or of another CPU, begins where the pointer stood.
function withPointer(trace: Trace, pointer: Facts['pointer']): Trace['frames'] {
  if (pointer === null || pointer.index > (trace.frames.at(-1)?.index ?? 0)) return trace.frames;
  return [...trace.frames, pointer].toSorted((a, b) => a.index - b.index);
}

function frameNamed(symbol: string): Frame {
  return {
    symbol,
    function: plainFunction(symbol),
    offset: null,
    size: null,
    module: null,
    isReliable: true,
    isInlined: false,
    source: null,
  };
}

function lockPlace(lines: readonly LogLine[]): Frame | null {
  for (const { text } of lines.slice(1, 60)) {
    const found =
      /(?:\bat: |last function: )(?:\[<[0-9a-f]+>\] )?(?:<?[0-9a-f]{8,16}>? )?([A-Za-z_$.<][^\s+]*)/.exec(
        text,
      );
    if (found === null) continue;
    const frame = frameNamed(found[1] ?? '');
    return isMachinery(frame.function) ? null : frame;
  }
  return null;
}

function doubtsOf(
  head: Head,
  needed: string | null,
  fault: Frame | null,
  traces: readonly Trace[],
  lines: readonly LogLine[],
): readonly string[] {
  const doubts: string[] = [];
  if (lines.some((line) => line.isAfterLoss)) doubts.push('the kernel dropped messages');
  if (needed === null) doubts.push('the line that says more about it is missing');
  if (
    head.kind === 'panic' &&
    /panic_on_warn|Fatal exception|panic_on_oops/.test(lines[0]?.text ?? '')
  )
    doubts.push('the report that led to the panic is missing');
  if (head.isBrief === true) return doubts;
  const frames = traces.filter(isOfCrash).flatMap((trace) => trace.frames);
  if (frames.length === 0) doubts.push('no call trace');
  else if (!frames.some(({ frame }) => frame.isReliable)) doubts.push('no reliable frame');
  if (head.source !== 'none' && fault === null) doubts.push('no function at fault could be named');
  return doubts;
}
