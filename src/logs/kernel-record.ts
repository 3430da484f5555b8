// A kernel's record as /dev/kmsg and extended netconsole print it: `6,891,1234567890,-,caller=T7;text`.

/** What stands before the text of a record. */
export interface RecordHeader {
  /** Release of the kernel, which newer ones put first; null where it is not said. */
  readonly release: string | null;
  /** 0 kernel; else what wrote to /dev/kmsg, as syslog numbers facilities. */
  readonly facility: number;
  /** 0 emergency to 7 debug. */
  readonly level: number;
  /** Number of the record in its boot. Those that a console's level keeps back have one as well. */
  readonly sequence: number;
  /** Since boot. */
  readonly microseconds: number;
  /** `T123` a task, `C1` a CPU; '' where it is not said. */
  readonly caller: string;
  /** Which bytes of the record's text these are, where it came in pieces. */
  readonly piece: { readonly offset: number; readonly total: number } | null;
  /** Where the text begins. */
  readonly end: number;
}

const header =
  /^(?:(\d{1,4}\.[\w.+~-]{1,64}),)?(\d{1,4}),(\d{1,16}),(\d{1,16}),([^;,\n]{1,8})((?:,[^;,\n]{1,64}){0,8});/;
const callerField = /,caller=([TC]\d{1,10})/;
const pieceField = /,ncfrag=(\d{1,6})\/(\d{1,6})/;
const levels = 8;

/** The header that a text begins with, or null. Format: Documentation/ABI/testing/dev-kmsg of Linux. */
export function recordHeader(text: string): RecordHeader | null {
  const found = header.exec(text);
  if (found === null) return null;
  const [whole, release, prefix, sequence, microseconds, , fields = ''] = found;
  const piece = pieceField.exec(fields);
  return {
    release: release ?? null,
    facility: Math.floor(Number(prefix) / levels),
    level: Number(prefix) % levels,
    sequence: Number(sequence),
    microseconds: Number(microseconds),
    caller: callerField.exec(fields)?.[1] ?? '',
    piece: piece === null ? null : { offset: Number(piece[1]), total: Number(piece[2]) },
    end: whole.length,
  };
}

/** Whether a line is one of the ` key=value` that follow a record: of its device, or userdata. */
export function isRecordField(line: string): boolean {
  return /^ [A-Za-z_][\w.-]{0,63}=/.test(line);
}

/** The lines of a record's text, its `\x0a` taken for what they are; without what follows the text. */
export function recordLines(text: string): readonly string[] {
  const end = text.indexOf('\n');
  const said = end === -1 ? text : text.slice(0, end);
  if (!said.includes('\\x')) return [said];
  const plain = said.replace(/(?:\\x[0-9a-f]{2})+/g, (codes) =>
    Buffer.from(codes.replaceAll('\\x', ''), 'hex').toString('utf8'),
  );
  return plain.split('\n');
}
