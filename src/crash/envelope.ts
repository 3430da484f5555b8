import { recordHeader, recordLines } from '../logs/kernel-record.ts';

/** How a line came: the words around the kernel's own message. */
export type Envelope = 'none' | 'rfc3164' | 'rfc5424' | 'journald' | 'netconsole';

/** One line of a log with what wrapped it taken off. */
export interface LogLine {
  /** The kernel's words; leading white space is kept, it tells frames from other lines. */
  readonly text: string;
  readonly envelope: Envelope;
  /** Name or address of the host in the envelope; '' where none is said. */
  readonly host: string;
  /** Caller id of CONFIG_PRINTK_CALLER: `T123` a task, `C1` a CPU; '' where none is said. */
  readonly caller: string;
  /** Seconds since boot by the kernel; null where the line has no timestamp. */
  readonly uptimeSeconds: number | null;
  /** 0 emergency to 7 debug; null where it is not said. */
  readonly level: number | null;
  /** Number of the message in its boot (extended netconsole, /dev/kmsg). */
  readonly sequence: number | null;
  /** Release of the kernel where what wraps the line says it. */
  readonly release: string | null;
  /** false where what wraps the line says that a program wrote it. */
  readonly isKernel: boolean;
  /** Whether lines before it are lost, as what printed it says, or their numbers. */
  readonly isAfterLoss: boolean;
}

/** Longest line that is read, in characters; what is beyond is cut off. */
export const maxLineLength = 8192;
/** Longest text of one kernel record (LOG_LINE_MAX in kernel/printk/printk.c); the rest is cut off. */
const maxTextLength = 1024;

const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const priority = /^<(\d{1,3})>/;
const rfc5424 = /^1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (-|\[)/;
const bsdStamp = `${month} [ \\d]\\d(?: \\d{4})? \\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?`;
const isoStamp =
  '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?';
const fullStamp =
  '[A-Z][a-z]{2} \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})? \\S{1,8}';
const monotonic = '\\[ *\\d{1,10}\\.\\d{6}(?: < *\\d{1,10}\\.\\d{6} >)?\\]';
const kernelTag = '(?:kernel|vmunix|klogd)(?:\\[[^\\]\\s]{1,16}\\])?: ?';
const host = '([^\\s:[]\\S{0,253}[^\\s:]|[^\\s:[])';
const ofKernel = new RegExp(
  `^(?:${bsdStamp}|${isoStamp}|${fullStamp}|\\d{10}\\.\\d{6}|(${monotonic})) ${host} ${kernelTag}`,
);
// A date and time without a T come before anything; only with its PID is a word behind them a program.
const ofProgram = new RegExp(
  `^(?:(?:${bsdStamp}|${isoStamp.replace('[T ]', 'T')}|${fullStamp}) ${host} [^\\s:[\\]]{1,64}(?:\\[[^\\]\\s]{1,32}\\])?: ?` +
    `|(?:${isoStamp}|\\d{10}\\.\\d{6}|${monotonic}) ${host} [^\\s:[\\]]{1,64}\\[\\d{1,10}\\]: )`,
);
const bareBsd = /^(?:kernel|vmunix)(?:\[\d+\])?: /;
const address =
  /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9a-f]{0,4}:[0-9a-f:]{1,40})\])(?::\d{1,5} |:? ?(?=[[<\d]))/;
const stamp = /\[ *(\d{1,10}\.\d{6})\](?:\[ *([TC]\d{1,10})\])? ?/;
/** A console prints its own words before a kernel's line now and then (a login prompt), characters. */
const consoleWords = 64;
const dropped = /^\*\* \d+ printk messages dropped \*\*/;
// What a program wrote to /dev/kmsg; the kernel's own lines about a process end otherwise.
const ownWords = /^[A-Za-z][\w./-]{0,31}\[\d{1,10}\]: (?!segfault|unhandled|bad frame)/;

/** What stands around a kernel's words. */
export interface Wrapping {
  readonly envelope: Envelope;
  readonly host: string;
  readonly level: number | null;
  readonly isKernel: boolean;
  readonly uptimeSeconds: number | null;
}

export const bare: Wrapping = {
  ...{ envelope: 'none', host: '', level: null, isKernel: true, uptimeSeconds: null },
};

/**
 * Takes the envelopes off a line: syslog (RFC 3164, RFC 5424), journalctl's short forms, plain and
 * extended netconsole, and the kernel's level, timestamp and caller id. Takes any text; what it
 * doesn't know it leaves in `text`.
 *
 * @returns one line, or more where a record has several
 */
export function openEnvelope(line: string): readonly LogLine[] {
  let rest = bounded(line);
  let wrapping = bare;
  const from = address.exec(rest);
  if (from !== null) {
    wrapping = { ...bare, host: from[1] ?? from[2] ?? '', envelope: 'netconsole' };
    rest = rest.slice(from[0].length);
  }
  const pri = priority.exec(rest);
  const facility = pri === null ? null : Number(pri[1]) >> 3;
  if (pri !== null) {
    wrapping = { ...wrapping, level: Number(pri[1]) & 7, isKernel: facility === 0 };
    rest = rest.slice(pri[0].length);
  }
  const modern = rfc5424.exec(rest);
  if (modern !== null) {
    const app = modern[3] ?? '-';
    const isKernel = facility === 0 || isKernelName(app) || (facility === null && app === '-');
    const named = modern[2] === '-' ? '' : (modern[2] ?? '');
    const text = afterStructuredData(rest.slice(modern[0].length - 1));
    return kernelLines(text, { ...wrapping, envelope: 'rfc5424', host: named, isKernel });
  }
  const old = ofKernel.exec(rest);
  if (old !== null) {
    const isJournal = pri === null || /\d:\d\d[.,]\d|T\d\d:/.test(old[0].slice(0, 30));
    const envelope = isJournal ? 'journald' : 'rfc3164';
    const since = /\d+\.\d+/.exec(old[1] ?? '');
    const uptimeSeconds = since === null ? null : Number(since[0]);
    const around = { ...wrapping, envelope, host: old[2] ?? '', uptimeSeconds } as const;
    return kernelLines(rest.slice(old[0].length), { ...around, isKernel: true });
  }
  const other = ofProgram.exec(rest);
  if (other !== null) {
    const named = other[1] ?? other[2] ?? '';
    const around = { ...wrapping, envelope: 'rfc3164', host: named } as const;
    return kernelLines(rest.slice(other[0].length), { ...around, isKernel: facility === 0 });
  }
  return kernelLines(rest.replace(bareBsd, ''), wrapping);
}

/** A record of extended netconsole as it stands in a file, with its sender where one is said. */
export function recordIn(line: string): { readonly host: string; readonly record: string } | null {
  const from = address.exec(line);
  const record = from === null ? line : line.slice(from[0].length);
  if (recordHeader(record) === null) return null;
  return { host: from?.[1] ?? from?.[2] ?? '', record };
}

/** The lines of what a kernel said, with its own level, timestamp and caller id taken off. */
export function kernelLines(words: string, wrapping: Wrapping = bare): readonly LogLine[] {
  let rest = unescaped(bounded(words));
  const inner = priority.exec(rest);
  let { level, isKernel, uptimeSeconds } = wrapping;
  if (inner !== null) {
    level = Number(inner[1]) & 7;
    rest = rest.slice(inner[0].length);
  }
  const record = recordHeader(rest);
  if (record !== null) {
    ({ level } = record);
    uptimeSeconds = record.microseconds / 1e6;
    isKernel &&= record.facility === 0;
    rest = rest.slice(record.end).replace(/^<\d{1,3}>(?=\[)/, '');
  }
  const isAfterLoss = dropped.test(rest) || rest.includes(' bytes missing) …');
  const { envelope, host: named } = wrapping;
  const around = {
    ...{ host: named, envelope: record === null ? envelope : ('netconsole' as const) },
    ...{ level, sequence: record?.sequence ?? null, release: record?.release ?? null },
  };
  return (record === null ? rest.split('\n') : recordLines(rest)).map((line) => {
    const at = stampOf(line, record === null || dropped.test(line) ? consoleWords : 0);
    const behind = at === null ? line : line.slice(at.index + at[0].length);
    const text = behind.replace(/ ?… \(late\)$/, '').slice(0, maxTextLength);
    const caller = at?.[2] ?? record?.caller ?? '';
    const seconds = at === null ? uptimeSeconds : Number(at[1]);
    const isOwn = isKernel && !ownWords.test(text);
    return { ...around, text, caller, uptimeSeconds: seconds, isKernel: isOwn, isAfterLoss };
  });
}

function bounded(line: string): string {
  return line.slice(0, maxLineLength).replace(/[\r\n\0]+$/, '');
}

// rsyslog writes control characters as # and three octal digits.
function unescaped(text: string): string {
  if (!text.includes('#01')) return text;
  return text.replaceAll('#011', '\t').replaceAll('#012', '\n');
}

function isKernelName(app: string): boolean {
  return app === 'kernel' || app === 'vmunix' || app === 'klogd';
}

function stampOf(text: string, within: number): RegExpExecArray | null {
  const at = stamp.exec(text);
  return at === null || at.index > within ? null : at;
}

function afterStructuredData(text: string): string {
  if (text.startsWith('-')) return text.slice(1).replace(/^ \uFEFF?/, '');
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\\' && isQuoted) at++;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === ']' && !isQuoted && text[at + 1] !== '[') {
      return text.slice(at + 1).replace(/^ \uFEFF?/, '');
    }
  }
  return text;
}
