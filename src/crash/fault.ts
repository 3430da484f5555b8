import type { LogLine } from './envelope.ts';
import type { Facts } from './facts.ts';
import { type Frame, frameNamed, parseFrame } from './frame.ts';
import type { Head } from './heads.ts';
import { isMachinery } from './machinery.ts';
import { stalledFunction } from './stall.ts';
import { isOfCrash, type Trace } from './trace.ts';

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
  'memory leak':
    /^(?:\w*alloc_skb\w*|__netdev_alloc\w*|netdev_alloc\w*|sock_alloc_send_\w+|_*build_skb\w*|_*p?skb_(?:clone|copy)\w*)$/,
  // The object that is still active is a timer more often than not: what runs timers has met it.
  'WARNING: ODEBUG bug': /timer/,
};
// Functions that check what they are called with: the caller is named with them.
const checksCaller = /^usb_submit_urb$/;
const place =
  /(?:\bat: |last function: )(?:\[<[0-9a-f]+>\])?\s*(?:<?[0-9a-f]{8,16}>? )?([A-Za-z_$.<][^\s+]*)/;

/** The function at fault as the head's `source` finds it; null where the report shows none. */
export function faultOf(
  head: Head,
  match: RegExpExecArray,
  facts: Facts,
  traces: readonly Trace[],
  lines: readonly LogLine[],
): Frame | null {
  const usable = traces.filter((trace) => isOfCrash(trace) && trace.frames.length > 0);
  const traced = usable.filter(({ name }) => name === 'trace');
  // Whoever finds a page in a bad state has only drawn it: whoever had it before has left it so.
  const owners = head.source === 'owner' ? traces.filter(({ name }) => name === 'owner') : [];
  const chosen = [...owners, ...(traced.length > 0 ? traced : usable)];
  if (head.source === 'none') return null;
  if (head.source === 'lock') return lockedFunction(lines, head.isBrief === true);
  if (head.source === 'stall') return stalled(head, facts, chosen);
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
  if (head.kind === 'warning' && chosen.length === 0) return null;
  return firstAtFault(head, candidatesOf(head, named, facts, chosen));
}

function candidatesOf(
  head: Head,
  named: string | undefined,
  { pointer }: Facts,
  chosen: readonly Trace[],
): readonly Frame[] {
  const candidates: Frame[] = [];
  const usesPointer = head.source === 'pointer' || head.kind === 'warning';
  if (usesPointer && pointer !== null) {
    candidates.push(pointer.frame);
    for (const trace of chosen) {
      const after = trace.frames.filter(({ index }) => index > pointer.index);
      candidates.push(...after.map(({ frame }) => frame));
      if (after.length > 0) break;
    }
    return candidates;
  }
  if (named !== undefined && head.kind === 'warning') candidates.push(frameNamed(named));
  candidates.push(...(chosen[0]?.frames ?? []).map(({ frame }) => frame));
  return candidates;
}

function firstAtFault(head: Head, candidates: readonly Frame[]): Frame | null {
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

function stalled(head: Head, { pointer }: Facts, chosen: readonly Trace[]): Frame | null {
  for (const trace of chosen) {
    if (trace.frames.some(({ frame }) => /^rcu_gp_kthread$/.test(frame.function))) continue;
    if (!trace.frames.some(({ frame }) => frame.isReliable)) return null;
    const sampled = withPointer(trace, pointer).map(({ frame }) => frame);
    return stalledFunction(sampled, head.kind !== 'stack-overflow');
  }
  return null;
}

// A trace taken from an interrupt, or of another CPU, begins where the pointer stood.
function withPointer(trace: Trace, pointer: Facts['pointer']): Trace['frames'] {
  if (pointer === null || pointer.index > (trace.frames.at(-1)?.index ?? 0)) return trace.frames;
  return [...trace.frames, pointer].toSorted((a, b) => a.index - b.index);
}

// Lockdep tells of places in the order of their weight: the lock asked for, the lock held, how they
// hang together, and last how it came there itself. The first that is no machinery is what to look
// at. How a lock got into the state that a use of it doesn't fit is another's doing, and left out.
function lockedFunction(lines: readonly LogLine[], isBrief: boolean): Frame | null {
  let isPast = isBrief;
  for (const { text } of lines.slice(1)) {
    if (/state was registered at:/.test(text)) isPast = true;
    if (/stack backtrace:/.test(text)) isPast = isBrief;
    if (/\bkey\s+at: |^(?:hard|soft)irqs last /.test(text)) continue;
    const found = isPast && !isBrief ? null : place.exec(text);
    const frame = found !== null ? frameNamed(found[1] ?? '') : isPast ? null : parseFrame(text);
    if (frame?.isReliable === true && !isMachinery(frame.function)) return frame;
  }
  return null;
}
