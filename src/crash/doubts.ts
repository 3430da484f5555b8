import type { LogLine } from './envelope.ts';
import { cpuLineOf } from './facts.ts';
import type { Frame } from './frame.ts';
import type { Head } from './heads.ts';
import type { Cut } from './parse-report.ts';
import { isOfCrash, type Trace } from './trace.ts';

// Kinds that say which task they are about, and show its stack.
const saysWhose = new Set<Head['kind']>(['warning', 'kasan', 'lockdep']);
const about = new RegExp(
  [
    String.raw`WARNING: CPU: \d+ PID: (\d+)|`,
    String.raw`^\s*\d+ locks? held by .{1,40}\/(\d+)[.:]|`,
    String.raw`^\s*\S.{0,40}?\/(\d+)(?: \[HC.{1,40})?(?: is (?:trying to|freeing)\b| takes:)|`,
    String.raw`^\s*(?:Read|Write) of .* by task .{1,40}\/(\d+)$`,
  ].join(''),
);
const maxLinesToName = 80;

/** Signs that lines of something else stand in a report, in words. */
export function mixtureOf(
  head: Head,
  named: string | undefined,
  cut: Cut,
  traces: readonly Trace[],
): readonly string[] {
  if (head.isBrief === true || head.source === 'none') return [];
  // A sanitizer names the function, and its own trace has it again.
  if (head.kind === 'kasan' && traces.some((trace) => isOfCrash(trace) && has(trace, named)))
    return [];
  const doubts = [...cut.doubts];
  const lines = cut.lines.slice(0, maxLinesToName);
  const shown = firstIn(lines, cpuLineOf);
  const meant = saysWhose.has(head.kind) ? firstIn(lines, pidIn) : null;
  if (shown !== null && meant !== null && shown !== meant)
    doubts.push('the stack is of another task');
  // Fault injection shows a stack of its own for each failure that it makes, and goes on.
  const first = traces.find((trace) => isOfCrash(trace) && trace.frames.length > 0);
  const top = (first?.frames ?? []).filter(({ frame }) => frame.isReliable).slice(0, 3);
  if (top.some(({ frame }) => injects.test(frame.function)))
    doubts.push('the stack is of a fault that was injected');
  return doubts;
}

function has(trace: Trace, name: string | undefined): boolean {
  return trace.frames.some(({ frame }) => frame.symbol === name && frame.isReliable);
}

const injects = /^(?:should_fail\w*|__should_fail\w*|fail_dump)$/;

function firstIn(lines: readonly LogLine[], read: (text: string) => number | null): number | null {
  for (const { text } of lines) {
    const found = read(text);
    if (found !== null) return found;
  }
  return null;
}

// The task that the line says the report is about.
function pidIn(text: string): number | null {
  const pid = about
    .exec(text)
    ?.slice(1)
    .find((group) => group !== undefined);
  return pid === undefined ? null : Number(pid);
}

// Sanitizers say last whose stack it was, and draw a line under it.
const endsWithRule = new Set<Head['kind']>(['kmsan', 'kcsan', 'kfence']);
const last = /^=+$|^CPU: \d/;

/** What a report has lost of what its title needs, in words. */
export function lossesOf(
  head: Head,
  kindTitle: string,
  needed: string | null,
  fault: Frame | null,
  traces: readonly Trace[],
  lines: readonly LogLine[],
): readonly string[] {
  const doubts: string[] = [];
  if (lines.some((line) => line.isAfterLoss)) doubts.push('messages inside it were lost');
  if (kindTitle.endsWith(':')) doubts.push('its first line ends before it says what');
  if (needed === null) doubts.push('the line that says more about it is missing');
  if (
    head.kind === 'panic' &&
    /panic_on_warn|Fatal exception|panic_on_oops/.test(lines[0]?.text ?? '')
  )
    doubts.push('the report that led to the panic is missing');
  if (head.isBrief === true) return doubts;
  const own = traces.filter(isOfCrash);
  const frames = own.flatMap((trace) => trace.frames);
  if (frames.length === 0) doubts.push('no call trace');
  else if (!frames.some(({ frame }) => frame.isReliable)) doubts.push('no reliable frame');
  else if (own.find(({ name }) => name === 'trace')?.frames.length === 0)
    doubts.push('the call trace ends at once');
  if (endsWithRule.has(head.kind) && !lines.some(({ text }) => last.test(text)))
    doubts.push('its end is missing');
  if (head.source !== 'none' && fault === null) doubts.push('no function at fault could be named');
  return doubts;
}
