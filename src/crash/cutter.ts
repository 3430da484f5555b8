import { isRecordField } from '../logs/kernel-record.ts';
import { type Heard, Netconsole } from '../logs/netconsole.ts';
import { bare, kernelLines, type LogLine, openEnvelope, recordIn } from './envelope.ts';
import { parseFrame } from './frame.ts';
import { type Head, headlessOf, headOf } from './heads.ts';
import { Journal } from './journal.ts';
import { parseReport } from './parse-report.ts';
import type { CrashKind, CrashReport } from './report.ts';

/** Bounds of what a cutter keeps. */
export const cutterLimits = {
  hosts: 2048,
  reportsPerHost: 4,
  linesPerReport: 1500,
  /** Of all reports that are open; the one that was begun first ends beyond it. */
  characters: 16 * 1024 * 1024,
  /** Lines of the same host and caller after a report's last line that looked like part of it. */
  quietLines: 80,
} as const;

interface Open {
  readonly stream: Stream;
  readonly caller: string;
  readonly line: number;
  readonly firstInBoot: boolean;
  readonly lines: LogLine[];
  readonly doubts: string[];
  readonly isRuledOff: boolean;
  readonly isBrief: boolean;
  /** Whether a trace came to its end in it. */
  isRooted: boolean;
  characters: number;
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
  /** Lines since one that says `cut here`. */
  sinceCut: number;
  /** Uptime at the end of that report; null where it is not said. */
  reportSeconds: number | null;
  /** Lines since records were found missing. */
  sinceLoss: number;
  /** Number of the last line's record; null where records have none. */
  sequence: number | null;
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
/** Between a head that is lost and the stack that shows that there was one. */
const headlessLines = 8;
const inside = 'another report begins inside it';
const cut = /-\[ cut here \]-/;
const maxLinesToSay = 3;
const boot = /^\s*Linux version \d/;
// What follows another head as part of the same report.
const follows = new RegExp(
  [
    String.raw`Kernel panic - not syncing|Internal error: |invalid opcode: |kernel stack overflow|`,
    String.raw`Oops(?!: (?:general protection|divide|int3|stack segment|control protection))|`,
    String.raw`^\s*INFO: (?:Freed|Allocated|Slab|Object|lockdep)|`,
    String.raw`WARNING: CPU: \d+ PID: \d+ at kernel\/rcu`,
  ].join(''),
);

/**
 * Cuts crash reports out of a stream of log lines, of one host or of many, as they come. Holds at
 * most `cutterLimits` whatever it is fed.
 */
export class Cutter {
  readonly #streams = new Map<string, Stream>();
  /** Those that are open, in the order in which they were begun. */
  readonly #open = new Set<Open>();
  readonly #journal = new Journal();
  readonly #console = new Netconsole();
  #characters = 0;
  #line = 0;
  #isInRecord = false;

  /** Takes the next line, envelope and all. @returns the reports that ended with it */
  push(raw: string): readonly CrashReport[] {
    this.#line++;
    // What follows a record of extended netconsole, a line for each field, is none of its words.
    if (this.#isInRecord && isRecordField(raw)) return [];
    const found = recordIn(raw);
    this.#isInRecord = found !== null;
    if (found === null) return this.#readAll(this.#journal.push(raw) ?? openEnvelope(raw));
    // A file has no times: records that overtook others wait for as many as may be between.
    return this.#hear(this.#console.push(Buffer.from(found.record), found.host, 0));
  }

  /** Takes a line whose envelope is open already; `host` keeps streams apart. */
  take(line: LogLine): readonly CrashReport[] {
    this.#line++;
    return this.#read(line);
  }

  /** Characters of lines that are held now, of `cutterLimits.characters` at most. */
  get heldCharacters(): number {
    return this.#characters;
  }

  #hear(all: readonly Heard[]): CrashReport[] {
    const last = this.#line;
    const texts = all.filter(({ kind }) => kind === 'text');
    const done = texts.flatMap(({ address, text }, index) => {
      // Those that waited are given together: each has the number of the line that it was.
      this.#line = last - (texts.length - 1 - index);
      const around = { ...bare, envelope: 'netconsole', host: address } as const;
      return this.#readAll(kernelLines(text, around));
    });
    this.#line = last;
    return done;
  }

  #readAll(lines: readonly LogLine[]): CrashReport[] {
    return lines.flatMap((line) => this.#read(line));
  }

  #read(read: LogLine): readonly CrashReport[] {
    if (!read.isKernel) return [];
    const done: CrashReport[] = [];
    const stream = this.#stream(read.host, done);
    this.#noteBoot(stream, read, done);
    const line = noteSequence(stream, read);
    stream.sinceReport++;
    stream.sinceCut = cut.test(line.text) ? 0 : stream.sinceCut + 1;
    const said = headOf(line.text);
    // What stands between `cut here` and the WARNING or BUG is what that one has to say.
    const found = said?.head.isBrief === true && stream.sinceCut <= maxLinesToSay ? null : said;
    const open = ownerOf(stream, line);
    if (open !== undefined && found !== null && isBetween(found.head, open)) {
      // One line says all: it is a report of its own, between the lines of another.
      this.#close(this.#begin(stream, line, done), done);
    } else if (open !== undefined) this.#extend(open, line, found !== null, done);
    else if (
      found !== null &&
      this.#isReport(stream, found.head.kind) &&
      !(panic.test(line.text) && stream.sinceReport < 300)
    ) {
      this.#begin(stream, line, done);
    } else if (isHeadless(stream, line)) {
      this.#begin(stream, line, done, true);
    }
    const [eldest] = this.#open;
    if (this.#characters > cutterLimits.characters && eldest !== undefined) {
      eldest.doubts.push('more reports were open than can be held');
      this.#close(eldest, done);
    }
    return done;
  }

  // The firmware's banner is a report only where a kernel ran before, and was not told to reboot.
  #isReport(stream: Stream, kind: CrashKind): boolean {
    return kind !== 'reboot' || (this.#line > 1 && !stream.isLeaving);
  }

  /** Ends every report that is open, of one host or of all, at the end of the input. */
  flush(host?: string): readonly CrashReport[] {
    const done: CrashReport[] = [];
    if (host === undefined) {
      done.push(...this.#readAll(this.#journal.flush()), ...this.#hear(this.#console.flush()));
    }
    for (const open of this.#open) {
      if (host === undefined || this.#streams.get(host) === open.stream) this.#close(open, done);
    }
    return done.toSorted((a, b) => a.line - b.line);
  }

  #stream(host: string, done: CrashReport[]): Stream {
    const had = this.#streams.get(host);
    if (had !== undefined) return had;
    const [oldest] = this.#streams;
    if (oldest !== undefined && this.#streams.size >= cutterLimits.hosts) {
      for (const open of [...oldest[1].open]) this.#close(open, done);
      this.#streams.delete(oldest[0]);
    }
    const stream: Stream = {
      ...{ open: [], reports: 0, isLeaving: false, sinceReport: 1e9, sinceCut: 1e9 },
      ...{ reportSeconds: null, sinceLoss: 1e9, sequence: null },
    };
    this.#streams.set(host, stream);
    return stream;
  }

  #noteBoot(stream: Stream, line: LogLine, done: CrashReport[]): void {
    if (/^\s*reboot: /.test(line.text)) stream.isLeaving = true;
    // A banner is not heard where messages come by what is set up late, such as netconsole.
    if (!boot.test(line.text) && !isYounger(stream, line)) return;
    stream.isLeaving = false;
    for (const open of [...stream.open]) this.#close(open, done);
    Object.assign(stream, {
      ...{ reports: 0, sinceReport: 1e9, reportSeconds: null, sequence: line.sequence },
    });
  }

  #begin(stream: Stream, line: LogLine, done: CrashReport[], isAfterLoss = false): Open {
    const [first] = stream.open;
    if (first !== undefined && stream.open.length >= cutterLimits.reportsPerHost) {
      this.#close(first, done);
    }
    const open: Open = {
      stream,
      caller: line.caller,
      line: this.#line,
      firstInBoot: stream.reports === 0,
      // What was lost before it is none of it, but for its own first line.
      lines: [{ ...line, isAfterLoss }],
      doubts: [],
      isBrief: headOf(line.text)?.head.isBrief === true,
      isRuledOff: /BUG: (?:KASAN|KMSAN|KCSAN|KFENCE):/.test(line.text),
      isRooted: false,
      characters: line.text.length,
      frames: 0,
      quiet: 0,
    };
    stream.open.push(open);
    this.#open.add(open);
    this.#characters += open.characters;
    stream.reports++;
    return open;
  }

  #extend(open: Open, line: LogLine, isHead: boolean, done: CrashReport[]): void {
    if (isHead && !(open.isBrief ? panic : follows).test(line.text)) {
      if ((open.frames > 0 || open.isBrief) && !isRepeat(open, line)) {
        this.#close(open, done);
        this.#begin(open.stream, line, done);
        return;
      }
      // Of the same caller it is one that came up while this one was printed: the stack is the same.
      const isOther = line.caller === '' && (!isRepeat(open, line) || isStall(line));
      if (isOther && !open.doubts.includes(inside)) open.doubts.push(inside);
    }
    open.lines.push(line);
    open.isRooted ||= root.test(line.text);
    open.characters += line.text.length;
    this.#characters += line.text.length;
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
    if (isOver) this.#close(open, done);
  }

  #close(open: Open, done: CrashReport[]): void {
    const { stream, lines } = open;
    stream.open.splice(stream.open.indexOf(open), 1);
    this.#open.delete(open);
    this.#characters -= open.characters;
    stream.sinceReport = 0;
    stream.reportSeconds = lines.at(-1)?.uptimeSeconds ?? null;
    const report = parseReport(open);
    if (report === null) return;
    const release = report.release ?? lines.find((line) => line.release !== null)?.release ?? null;
    done.push({ ...report, release });
  }
}

// Lines that overtake each other on their way do so by less.
function isYounger({ reportSeconds }: Stream, { uptimeSeconds }: LogLine): boolean {
  return reportSeconds !== null && uptimeSeconds !== null && uptimeSeconds < reportSeconds - 2;
}

// Records of one boot have numbers without a gap. One that comes after its turn tells as much.
function noteSequence(stream: Stream, line: LogLine): LogLine {
  if (line.sequence === null) return line;
  const { sequence: last } = stream;
  stream.sequence = line.sequence;
  const isNext = last === null || line.sequence === last || line.sequence === last + 1;
  stream.sinceLoss = isNext ? stream.sinceLoss + 1 : 0;
  return isNext ? line : { ...line, isAfterLoss: true };
}

// Only right after a known loss: stacks are shown for less than a crash, too, as at sysrq's wish.
function isHeadless({ sinceLoss, sinceReport }: Stream, { text }: LogLine): boolean {
  return sinceLoss < headlessLines && sinceReport >= 300 && headlessOf(text) !== null;
}

// Where a trace ends: in what the processor or the boot came in by.
const root = new RegExp(
  [
    String.raw`\b(?:entry_\w+|ret_from_\w+|ret_fast_syscall|system_call\w*|sysenter_\w+|kthread|`,
    String.raw`start_secondary|start_kernel|secondary_startup\w*|el0\w*|tracesys\w*|ia32_sys\w*)\+0x`,
  ].join(''),
);

// Whether a head that says all in its line stands in a report that has not come to its end.
function isBetween(head: Head, open: Open): boolean {
  return head.isBrief === true && head.source !== 'lock' && !open.isBrief && !open.isRooted;
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

/** Every report in a text, in order of their first lines. */
export function crashesIn(text: string): readonly CrashReport[] {
  const cutter = new Cutter();
  const found: CrashReport[] = [];
  for (const line of text.split('\n')) found.push(...cutter.push(line));
  return [...found, ...cutter.flush()].toSorted((a, b) => a.line - b.line);
}
