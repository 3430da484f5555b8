// One message of a log as it came over the wire: syslog in its many forms, or a kernel's own line.

import { recordHeader } from './kernel-record.ts';

/** `raw`: nothing of it could be read but its text. */
export type MessageForm = 'rfc5424' | 'rfc3164' | 'kernel' | 'raw';

export interface LogMessage {
  readonly form: MessageForm;
  /** 0 kernel to 23 local7; null where none is said. */
  readonly facility: number | null;
  /** 0 emergency to 7 debug; null where none is said. */
  readonly severity: number | null;
  /** When its host says it was, wall-clock milliseconds; null where it does not. */
  readonly saidMs: number | null;
  /** What the message calls its host; '' where it does not. */
  readonly hostname: string;
  readonly app: string;
  readonly pid: string;
  readonly text: string;
}

/** What is read of one message, characters. Longer ones are cut, and end in `cutMark`. */
export const textMax = 8_192;
export const cutMark = '… (cut)';
const facilityKernel = 0;
const severityBits = 8;
const priorityMax = 191;

const priority = /^<(\d{1,3})>/;
const modern =
  /^1 (-|\d{4}-\d\d-\d\dT\S{1,32}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (-|\[)/;
const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const bsdTime = new RegExp(
  `^(${months}) ([ \\d]?\\d)(?: (\\d{4}))? (\\d\\d):(\\d\\d):(\\d\\d)(?:\\.\\d{1,9})?:? `,
);
const isoTime = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) /;
// Cisco's forms begin with a sequence number, a mark for a clock that is not set, or both.
const ciscoLead = /^(?:\d{1,10}: )?(?:\d{1,10}: )?[*.]?(?=[A-Z][a-z]{2} [ \d]\d )/;
const tag = /^([^\s:[\]]{1,64})(?:\[([^\]\s]{1,32})\])?: ?/;
const host = /^([A-Za-z0-9_.:-]{1,255}) (?=\S)/;
const kernelStamp = /^\[ *\d{1,10}\.\d{6}\]/;
const utf8 = new TextDecoder('utf-8', { fatal: true });
const quarterMs = 15 * 60_000;
const zoneMaxMs = 14 * 60 * 60_000;

/**
 * Reads a message. Never fails: what it does not know is text. A kernel's line begins with `[`, which
 * is no structured data (that comes only in RFC 5424, behind its six fields).
 *
 * @param receivedMs wall clock; decides the year and the zone where a time has none
 */
export function readMessage(bytes: Uint8Array, receivedMs: number): LogMessage {
  const { level, rest } = levelOf(decodeText(bytes));
  return modernOf(rest, level) ?? oldOf(rest, level, receivedMs);
}

/** Reads what a kernel's console said, such as by netconsole, where a line may be bare of all else. */
export function readConsole(text: string): LogMessage {
  const { level, rest } = levelOf(text);
  return consoleOf(rest, level);
}

/** Whether a kernel said it: by its facility, or by its name where no facility is said. */
export function isOfKernel({ facility, app }: LogMessage): boolean {
  return facility === facilityKernel || (facility === null && app === 'kernel');
}

/**
 * Whether that shows at the first bytes, which is far cheaper than to read it: a facility that is no
 * kernel's, and behind it what begins no kernel's own line.
 */
export function isSurelyOfNoKernel(bytes: Uint8Array): boolean {
  const pri = priority.exec(String.fromCharCode(...bytes.subarray(0, headBytes)));
  if (pri === null) return false;
  const number = Number(pri[1]);
  if (number < severityBits || number > priorityMax) return false;
  const [first = 0, second = 0] = bytes.subarray(pri[0].length);
  return isLetter(first) || (first === one && second === space);
}

const headBytes = 5;
const one = 0x31;
const space = 0x20;

function isLetter(byte: number): boolean {
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x7a;
}

interface Level {
  readonly facility: number | null;
  readonly severity: number | null;
}

function levelOf(whole: string): { readonly level: Level; readonly rest: string } {
  const pri = priority.exec(whole);
  const number = pri === null ? null : Number(pri[1]);
  if (pri === null || number === null || number > priorityMax) {
    return { level: { facility: null, severity: null }, rest: whole };
  }
  const facility = Math.floor(number / severityBits);
  return { level: { facility, severity: number % severityBits }, rest: whole.slice(pri[0].length) };
}

// What writes to /dev/kmsg is no kernel, though its console prints it: its facility says so.
function consoleOf(rest: string, level: Level): LogMessage {
  const record = recordHeader(rest);
  const facility = record?.facility ?? level.facility ?? facilityKernel;
  const severity = record?.level ?? level.severity;
  const said = record === null ? rest.replace(kernelStamp, '') : rest.slice(record.end);
  const named = facility === facilityKernel ? null : tag.exec(said.trimStart());
  const app = facility === facilityKernel ? 'kernel' : (named?.[1] ?? '');
  const pid = named?.[2] ?? '';
  return {
    form: 'kernel',
    facility,
    severity,
    saidMs: null,
    hostname: '',
    app,
    pid,
    text: bounded(rest),
  };
}

function modernOf(rest: string, level: Level): LogMessage | null {
  const found = modern.exec(rest);
  if (found === null) return null;
  const [, time = '-', name = '-', app = '-', pid = '-'] = found;
  const saidMs = time === '-' ? Number.NaN : Date.parse(time);
  const isSaid = (value: string) => (value === '-' ? '' : value);
  return {
    ...{ form: 'rfc5424', ...level, saidMs: Number.isNaN(saidMs) ? null : saidMs },
    ...{ hostname: isSaid(name), app: isSaid(app), pid: isSaid(pid) },
    text: bounded(behindStructuredData(rest.slice(found[0].length - 1))),
  };
}

function oldOf(rest: string, level: Level, receivedMs: number): LogMessage {
  if (kernelStamp.test(rest) || recordHeader(rest) !== null) return consoleOf(rest, level);
  const nobody = { hostname: '', app: '', pid: '', saidMs: null };
  const { saidMs, left } = timeOf(rest.replace(ciscoLead, ''), receivedMs);
  if (saidMs === null) {
    // Without a time nothing says which word is a host; what is left of RFC 3164 is the tag.
    const named = tag.exec(rest);
    if (level.facility === null || named === null) {
      return { form: 'raw', ...level, ...nobody, text: bounded(rest) };
    }
    const app = { app: named[1] ?? '', pid: named[2] ?? '' };
    return {
      form: 'rfc3164',
      ...level,
      ...nobody,
      ...app,
      text: bounded(rest.slice(named[0].length)),
    };
  }
  // Many leave the host out: then its place has the tag, which ends in a colon.
  const isHostless = tag.test(left) && !/^[^\s:]+ /.test(left);
  const name = isHostless ? null : host.exec(left);
  const behind = name === null ? left : left.slice(name[0].length);
  const named = tag.exec(behind);
  return {
    ...{ form: 'rfc3164', ...level, saidMs, hostname: (name?.[1] ?? '').replace(/:$/, '') },
    ...{ app: named?.[1] ?? '', pid: named?.[2] ?? '' },
    text: bounded(named === null ? behind : behind.slice(named[0].length)),
  };
}

function timeOf(rest: string, receivedMs: number): { saidMs: number | null; left: string } {
  const iso = isoTime.exec(rest);
  if (iso !== null) {
    const text = (iso[1] ?? '').replace(',', '.');
    const isZoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
    const ms = Date.parse(isZoned ? text : `${text}Z`);
    if (!Number.isNaN(ms)) {
      return { saidMs: isZoned ? ms : inZone(ms, receivedMs), left: rest.slice(iso[0].length) };
    }
  }
  const bsd = bsdTime.exec(rest);
  if (bsd === null) return { saidMs: null, left: rest };
  const [, name = '', day = '', year, ...clock] = bsd;
  const month = months.split('|').indexOf(name);
  const at = (inYear: number) =>
    Date.UTC(inYear, month, Number(day), ...(clock.map(Number) as [number, number, number]));
  const thisYear = new Date(receivedMs).getUTCFullYear();
  const years = year === undefined ? [thisYear - 1, thisYear, thisYear + 1] : [Number(year)];
  const nearest = years
    .map(at)
    .toSorted((a, b) => Math.abs(a - receivedMs) - Math.abs(b - receivedMs))[0];
  return { saidMs: inZone(nearest ?? receivedMs, receivedMs), left: rest.slice(bsd[0].length) };
}

// A time without its zone: zones are quarters of an hour apart, and clocks are wrong by less.
function inZone(ms: number, receivedMs: number): number {
  const offsetMs = Math.round((ms - receivedMs) / quarterMs) * quarterMs;
  return Math.abs(offsetMs) <= zoneMaxMs ? ms - offsetMs : ms;
}

function behindStructuredData(text: string): string {
  const behind = (at: number) => text.slice(at).replace(/^ \uFEFF?/, '');
  if (text.startsWith('-')) return behind(1);
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\' && isQuoted) at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === ']' && !isQuoted && text[at + 1] !== '[') return behind(at + 1);
  }
  return text;
}

/** Bytes that are no UTF-8 are taken for Latin-1, which loses none of them. PostgreSQL takes no NUL. */
export function decodeText(bytes: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
  return text.replace(/[\r\n\0]+$/, '').replaceAll('\0', '\uFFFD');
}

function bounded(text: string): string {
  return text.length <= textMax ? text : text.slice(0, textMax - cutMark.length) + cutMark;
}
