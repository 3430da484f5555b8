import { kernelLines, type LogLine, maxLineLength } from './envelope.ts';

type Fields = Record<string, string>;

const wanted = new Set([
  ...['MESSAGE', '_HOSTNAME', '_TRANSPORT', 'SYSLOG_FACILITY', 'PRIORITY'],
  '_SOURCE_MONOTONIC_TIMESTAMP',
]);
const field = /^ {0,4}([A-Z_][A-Z0-9_]{0,63})=(.*)$/s;
const begin = /^__CURSOR=|^\S.{10,60} \[s=[0-9a-f]{1,32};i=[0-9a-f]{1,16};/;

/**
 * Reads what `journalctl -o export`, `verbose` and `json` print, line by line. One entry is held at
 * most, of it only what tells of a kernel's line.
 */
export class Journal {
  #entry: Fields | null = null;

  /** @returns the lines of the entries that ended with it; null where it is no line of a journal */
  push(line: string): readonly LogLine[] | null {
    if (line.startsWith('{"')) return jsonLines(line);
    if (begin.test(line)) {
      const ended = this.flush();
      this.#entry = {};
      return ended;
    }
    if (this.#entry === null) return null;
    if (line === '') return this.flush();
    const [, name = '', value = ''] = field.exec(line.slice(0, maxLineLength)) ?? [];
    if (name === '') return [...this.flush(), ...(this.push(line) ?? [])];
    if (wanted.has(name)) this.#entry[name] = value;
    return [];
  }

  /** The lines of the entry that is open. */
  flush(): readonly LogLine[] {
    const entry = this.#entry;
    this.#entry = null;
    return entry === null ? [] : linesOf(entry);
  }
}

function jsonLines(line: string): readonly LogLine[] | null {
  if (!line.includes('"MESSAGE"')) return null;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof entry !== 'object' || entry === null) return null;
  const fields: Fields = {};
  for (const [name, value] of Object.entries(entry)) {
    if (!wanted.has(name)) continue;
    // A text that is not printable is a list of its bytes.
    if (Array.isArray(value)) fields[name] = Buffer.from(value.map(Number)).toString();
    else if (typeof value === 'string') fields[name] = value;
  }
  return linesOf(fields);
}

function linesOf(fields: Fields): readonly LogLine[] {
  const transport = fields['_TRANSPORT'] ?? 'kernel';
  const since = Number(fields['_SOURCE_MONOTONIC_TIMESTAMP'] ?? Number.NaN);
  const level = Number(fields['PRIORITY'] ?? Number.NaN);
  return kernelLines(fields['MESSAGE'] ?? '', {
    envelope: 'journald',
    host: fields['_HOSTNAME'] ?? '',
    level: Number.isNaN(level) ? null : level,
    // What a program wrote to /dev/kmsg has a facility of its own.
    isKernel: transport === 'kernel' && (fields['SYSLOG_FACILITY'] ?? '0') === '0',
    uptimeSeconds: Number.isNaN(since) ? null : since / 1e6,
  });
}
