import { isRecordField, type RecordHeader, recordHeader, recordLines } from './kernel-record.ts';
import { type LogMessage, textMax } from './message.ts';

const tag = /^([^\s:[\]]{1,64})(?:\[(\d{1,10})\])?: /;
const fieldsMax = 32;
const microsecondsPerSecond = 1_000_000;

/**
 * A record of /dev/kmsg as a message of a log: a kernel's line with the stamp that dmesg shows, and
 * below it the fields of its device. What another program has written there is that program's. The
 * flag of a fragment is passed over, since its meaning has changed between kernels: each fragment is
 * a record of its own.
 *
 * @param saidMs when it was written, wall clock
 * @returns null for what is no record
 */
export function readKmsg(record: string, saidMs: number | null): LogMessage | null {
  const header = recordHeader(record);
  if (header === null) return null;
  const { facility, level: severity, end } = header;
  const said = recordLines(record.slice(end)).join('\n').replaceAll('\0', '\uFFFD');
  const own = { facility, severity, saidMs, hostname: '', form: 'kernel' } as const;
  const named = facility === 0 ? null : tag.exec(said);
  if (named !== null) {
    const text = said.slice(named[0].length, textMax);
    return { ...own, app: named[1] ?? '', pid: named[2] ?? '', text };
  }
  const fields = record
    .slice(end)
    .split('\n')
    .slice(1, 1 + fieldsMax)
    .filter(isRecordField);
  const text = [`${stampOf(header)} ${said}`, ...fields].join('\n').slice(0, textMax);
  return { ...own, app: facility === 0 ? 'kernel' : '', pid: '', text };
}

function stampOf({ microseconds, caller }: RecordHeader): string {
  const seconds = String(Math.floor(microseconds / microsecondsPerSecond)).padStart(5);
  const rest = String(microseconds % microsecondsPerSecond).padStart(6, '0');
  return `[${seconds}.${rest}]${caller === '' ? '' : `[${caller.padStart(6)}]`}`;
}
