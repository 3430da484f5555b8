/** How a line came: the words around the kernel's own message. */
export type Envelope = 'none' | 'rfc3164' | 'rfc5424' | 'journald' | 'netconsole';

/** One line of a log with what wrapped it taken off. */
export interface LogLine {
  readonly raw: string;
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
  /** Whether what printed the line says that lines before it are lost. */
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
const rfc3164 = new RegExp(
  `^(?:${bsdStamp}|${isoStamp}) (\\S{1,255}) (?:kernel|vmunix|klogd)(?:\\[\\d+\\])?: ?`,
);
const bareBsd = /^(?:kernel|vmunix)(?:\[\d+\])?: /;
const extended = /^(\d{1,4}),(\d{1,20}),(\d{1,20}),([^;,]{1,8})((?:,[^;,]{1,64}){0,8});/;
const address =
  /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9a-f]{0,4}:[0-9a-f:]{1,40})\])(?::\d{1,5} | (?=[[<\d]))/;
const stamp = /\[ *(\d{1,10}\.\d{6})\](?:\[ *([TC]\d{1,10})\])? ?/;
const dropped = /^\*\* \d+ printk messages dropped \*\*/;
const kmsgCaller = /caller=([TC]\d{1,10})/;

/**
 * Takes the envelopes off a line: syslog (RFC 3164, RFC 5424), journald's short forms, plain and
 * extended netconsole, and the kernel's level, timestamp and caller id. Takes any text; what it
 * doesn't know it leaves in `text`.
 */
export function openEnvelope(line: string): LogLine {
  const raw = line.length > maxLineLength ? line.slice(0, maxLineLength) : line;
  let rest = raw.replace(/[\r\n\0]+$/, '');
  let envelope: Envelope = 'none';
  let host = '';
  let caller = '';
  let level: number | null = null;
  let sequence: number | null = null;
  let uptimeSeconds: number | null = null;

  const from = address.exec(rest);
  if (from !== null) {
    host = from[1] ?? from[2] ?? '';
    rest = rest.slice(from[0].length);
    envelope = 'netconsole';
  }
  const pri = priority.exec(rest);
  if (pri !== null) {
    level = Number(pri[1]) & 7;
    rest = rest.slice(pri[0].length);
  }
  const modern = rfc5424.exec(rest);
  const old = modern === null ? rfc3164.exec(rest) : null;
  const record = extended.exec(rest);
  if (modern !== null) {
    envelope = 'rfc5424';
    host = modern[2] === '-' ? '' : (modern[2] ?? '');
    rest = afterStructuredData(rest.slice(modern[0].length - 1));
  } else if (old !== null) {
    envelope =
      /\d:\d\d[.,]\d|T\d\d:/.test(old[0].slice(0, 30)) || pri === null ? 'journald' : 'rfc3164';
    host = old[1] ?? '';
    rest = rest.slice(old[0].length);
  } else if (record !== null) {
    envelope = 'netconsole';
    level = Number(record[1]) & 7;
    sequence = Number(record[2]);
    uptimeSeconds = Number(record[3]) / 1e6;
    caller = kmsgCaller.exec(record[5] ?? '')?.[1] ?? '';
    rest = rest.slice(record[0].length);
  } else if (bareBsd.test(rest)) {
    rest = rest.replace(bareBsd, '');
  }
  const inner = priority.exec(rest);
  if (inner !== null) {
    level = Number(inner[1]) & 7;
    rest = rest.slice(inner[0].length);
  }
  const isAfterLoss = dropped.test(rest);
  const at = stampOf(rest);
  if (at !== null) {
    uptimeSeconds = Number(at[1]);
    caller = at[2] ?? caller;
    rest = rest.slice(at.index + at[0].length);
  }
  const text = rest.slice(0, maxTextLength);
  return { raw, text, envelope, host, caller, uptimeSeconds, level, sequence, isAfterLoss };
}

// A console prints its own words before a kernel line now and then (a login prompt).
function stampOf(text: string): RegExpExecArray | null {
  const at = stamp.exec(text);
  if (at === null) return null;
  return at.index <= 64 ? at : null;
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
