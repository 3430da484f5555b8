import type { LogLine } from './envelope.ts';
import { pointerIn } from './facts.ts';
import { type Frame, parseFrame } from './frame.ts';

/** One call trace of a report. */
export interface Trace {
  /** What stands above it: `head` where nothing does; `owner`, that a page was allocated by it. */
  readonly name: 'head' | 'trace' | 'owner' | 'other';
  readonly frames: readonly { readonly frame: Frame; readonly index: number }[];
}

const start =
  /^\s*(?:NMI backtrace for cpu \d+|(?:stack )?[Bb]acktrace|Call [Tt]race)(?:\s*\([^)]*\))?(?::|$)/;
const other = new RegExp(
  [
    String.raw`^\s*(?:Allocated|Freed|Last potentially|Second to last|Uninit was (?:created|`,
    String.raw`stored)|Local variable|Memory was marked|\S+ \(\d+\) used|-> #\d|INFO: (?:Allocated|`,
    String.raw`Freed)|allocated by task|freed by task|Preemption disabled at|hardirqs last|`,
    String.raw`softirqs last|Showing all locks|the existing dependency chain|Bytes \d|Object |`,
    String.raw`last free|page last)`,
  ].join(''),
);

const owner = /^\s*page last allocated via/;

/** The call traces of a report, in order; bounded by its number of lines. */
export function tracesOf(lines: readonly LogLine[]): readonly Trace[] {
  const traces: { name: Trace['name']; frames: { frame: Frame; index: number }[] }[] = [
    { name: 'head', frames: [] },
  ];
  // Whether the last trace was only announced, and has no frame yet.
  let announced = false;
  for (const [index, { text }] of lines.entries()) {
    if (index === 0) continue;
    if (start.test(text)) {
      // `stack backtrace:` and `NMI backtrace` only announce the trace.
      if (announced) traces.pop();
      announced = /backtrace/i.test(text);
      traces.push({ name: 'trace', frames: [] });
      // Old kernels begin on the same line.
      const rest = parseFrame(text.replace(start, ''));
      if (rest !== null) traces.at(-1)?.frames.push({ frame: rest, index });
      if (rest !== null) announced = false;
      continue;
    }
    if (other.test(text)) {
      traces.push({ name: owner.test(text) ? 'owner' : 'other', frames: [] });
      announced = false;
      continue;
    }
    // In the middle of a trace registers say where an interrupt came: that is a frame too.
    const under = traces.at(-1)?.frames.length === 0 ? null : pointerIn(text);
    const frame =
      under ??
      parseFrame(
        text.replace(/^\s*<(?:IRQ|EOI|EOE|NMI|TASK|#DF|#DB|ENTRY_TRAMPOLINE|\/\w+)>\s*/, ' '),
      );
    if (frame !== null && !/^\s*(?:caller is|lock:|last function)/.test(text)) {
      traces.at(-1)?.frames.push({ frame, index });
      announced = false;
    }
  }
  return traces.filter(
    (trace, index) => index === 0 || trace.frames.length > 0 || trace.name === 'trace',
  );
}

/** Whether a trace shows how the crash came about, and not who had the memory before. */
export function isOfCrash({ name }: Trace): boolean {
  return name === 'head' || name === 'trace';
}
