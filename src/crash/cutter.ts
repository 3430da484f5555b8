import { type LogLine, openEnvelope } from './envelope.ts';
import { parseFrame } from './frame.ts';
import { headOf } from './heads.ts';
import { parseReport } from './parse-report.ts';
import type { CrashKind, CrashReport } from './report.ts';

/** Bounds of what a cutter keeps. */
export const cutterLimits = {
  hosts: 1024,
  reportsPerHost: 4,
  linesPerReport: 1500,
  /** Lines of the same host and caller after a report's last line that looked like part of it. */
  quietLines: 80,
} as const;

interface Open {
  readonly caller: string;
  readonly line: number;
  readonly firstInBoot: boolean;
  readonly lines: LogLine[];
  readonly doubts: string[];
  readonly isRuledOff: boolean;
  frames: number;
  quiet: number;
}

interface Stream {
  readonly open: Open[];
  reports: number;
  /** The kernel said that it goes down. */
  isLeaving: boolean;
  /** Lines since a report ended; a panic soon after one is its end and no report of its own. */
  sinceReport: number;
}

const frameLike = /\+0x[0-9a-f]+\/0x[0-9a-f]+/;
const partLike = new RegExp(
  [
    String.raw`^\s*(?:[A-Z][A-Za-z0-9]{1,4}\s*: |RIP|CPU: |Code: |Call [Tt]race|Modules linked|`,
    String.raw`Hardware name|<\/?(?:IRQ|TASK|NMI|EOI)>|#\d: |Read of|Write of|PGD|Oops|`,
    String.raw`Internal error|[\da-f]{16}|---\[|====|-----)`,
  ].join(''),
);
// A sanitizer's report ends with a rule; the end of a trace inside it is another's.
const ruledOff = /^=+$/;
const end = /---\[ end (?:trace|Kernel panic)|^Rebooting in \d+ seconds|^Kernel Offset: /;
const panic = /Kernel panic - not syncing/;
const boot = /^\s*Linux version \d/;
// What follows another head as part of the same report.
const follows = new RegExp(
  [
    String.raw`Kernel panic - not syncing|Internal error: |invalid opcode: |kernel stack overflow|`,
    String.raw`Oops|^\s*INFO: (?:Freed|Allocated|Slab|Object|lockdep)|`,
    String.raw`WARNING: CPU: \d+ PID: \d+ at kernel\/rcu`,
  ].join(''),
);

/**
 * Cuts crash reports out of a stream of log lines, of one host or of many, as they come. Holds at
 * most `cutterLimits` whatever it is fed.
 */
export class Cutter {
  readonly #streams = new Map<string, Stream>();
  #line = 0;

  /** Takes the next line, envelope and all. @returns the reports that ended with it */
  push(raw: string): readonly CrashReport[] {
    this.#line++;
    const line = openEnvelope(raw);
    const stream = this.#stream(line.host);
    const done: CrashReport[] = [];
    this.#noteBoot(stream, line, done);
    stream.sinceReport++;
    const found = headOf(line.text);
    const open = ownerOf(stream, line);
    if (open !== undefined && found?.head.isBrief === true && isUnderWay(open)) {
      // One line says all: it is a report of its own, between the lines of another.
      this.#begin(stream, line, done, true);
    } else if (open !== undefined) this.#extend(stream, open, line, found !== null, done);
    else if (
      found !== null &&
      this.#isReport(stream, found.head.kind) &&
      !(panic.test(line.text) && stream.sinceReport < 300)
    ) {
      this.#begin(stream, line, done);
    }
    return done;
  }

  // The firmware's banner is a report only where a kernel ran before, and was not told to reboot.
  #isReport(stream: Stream, kind: CrashKind): boolean {
    return kind !== 'reboot' || (this.#line > 1 && !stream.isLeaving);
  }

  /** Ends every report that is open, at the end of the input. */
  flush(): readonly CrashReport[] {
    const done: CrashReport[] = [];
    for (const stream of this.#streams.values()) {
      while (stream.open.length > 0) close(stream, 0, done);
    }
    return done.toSorted((a, b) => a.line - b.line);
  }

  #stream(host: string): Stream {
    const had = this.#streams.get(host);
    if (had !== undefined) return had;
    if (this.#streams.size >= cutterLimits.hosts) {
      const oldest = this.#streams.keys().next().value;
      if (oldest !== undefined) this.#streams.delete(oldest);
    }
    const stream: Stream = { open: [], reports: 0, isLeaving: false, sinceReport: 1e9 };
    this.#streams.set(host, stream);
    return stream;
  }

  #noteBoot(stream: Stream, line: LogLine, done: CrashReport[]): void {
    if (/^\s*reboot: /.test(line.text)) stream.isLeaving = true;
    if (!boot.test(line.text)) return;
    stream.isLeaving = false;
    while (stream.open.length > 0) close(stream, 0, done);
    stream.reports = 0;
    stream.sinceReport = 1e9;
  }

  #begin(stream: Stream, line: LogLine, done: CrashReport[], isWhole = false): void {
    if (stream.open.length >= cutterLimits.reportsPerHost) close(stream, 0, done);
    stream.open.push({
      caller: line.caller,
      line: this.#line,
      firstInBoot: stream.reports === 0,
      lines: [line],
      doubts: [],
      isRuledOff: /BUG: (?:KASAN|KMSAN|KCSAN|KFENCE):/.test(line.text),
      frames: 0,
      quiet: 0,
    });
    stream.reports++;
    if (isWhole) close(stream, stream.open.length - 1, done);
  }

  #extend(stream: Stream, open: Open, line: LogLine, isHead: boolean, done: CrashReport[]): void {
    if (isHead && !follows.test(line.text)) {
      if (open.frames > 0 && !isRepeat(open, line)) {
        close(stream, stream.open.indexOf(open), done);
        this.#begin(stream, line, done);
        return;
      }
      // Of the same caller it is one that came up while this one was printed: the stack is the same.
      if (line.caller === '' && (!isRepeat(open, line) || isStall(line)))
        open.doubts.push('another report begins inside it');
    }
    open.lines.push(line);
    // Lines before the trace name places and variables in the same form.
    if (frameLike.test(line.text) && parseFrame(line.text) !== null) {
      open.frames++;
      open.quiet = 0;
    } else if (partLike.test(line.text)) open.quiet = 0;
    else open.quiet++;
    const isOver =
      (open.frames > 0 && (open.isRuledOff ? ruledOff : end).test(line.text)) ||
      open.lines.length >= cutterLimits.linesPerReport ||
      open.quiet >= cutterLimits.quietLines;
    if (isOver) close(stream, stream.open.indexOf(open), done);
  }
}

// Where a trace ends: in what the processor or the boot came in by.
const root = new RegExp(
  [
    String.raw`\b(?:entry_\w+|ret_from_\w+|ret_fast_syscall|system_call\w*|sysenter_\w+|kthread|`,
    String.raw`start_secondary|start_kernel|secondary_startup\w*|el0\w*|tracesys\w*|ia32_sys\w*)\+0x`,
  ].join(''),
);

// Whether a report's trace has begun and not come to its end.
function isUnderWay(open: Open): boolean {
  return open.frames > 0 && !open.lines.some(({ text }) => root.test(text));
}

// A fault is announced twice by some architectures and checks: `kernel BUG`, then `Internal error`.
function isRepeat(open: Open, line: LogLine): boolean {
  const first = headOf(open.lines[0]?.text ?? '');
  const next = headOf(line.text);
  return first !== null && next !== null && first.head.kind === next.head.kind;
}

// CPUs that find the same stall at once print into each other.
function isStall(line: LogLine): boolean {
  return headOf(line.text)?.head.kind === 'rcu-stall';
}

function ownerOf(stream: Stream, line: LogLine): Open | undefined {
  if (line.caller === '') return stream.open.at(-1);
  return stream.open.find(({ caller }) => caller === line.caller || caller === '');
}

function close(stream: Stream, index: number, done: CrashReport[]): void {
  const [open] = stream.open.splice(index, 1);
  if (open === undefined) return;
  stream.sinceReport = 0;
  const report = parseReport(open);
  if (report !== null) done.push(report);
}

/** Every report in a text, in order of their first lines. */
export function crashesIn(text: string): readonly CrashReport[] {
  const cutter = new Cutter();
  const found: CrashReport[] = [];
  for (const line of text.split('\n')) found.push(...cutter.push(line));
  return [...found, ...cutter.flush()].toSorted((a, b) => a.line - b.line);
}
