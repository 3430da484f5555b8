import { type LogMessage, readMessage, textMax } from './message.ts';

/** A line that HAProxy itself prints, such as `[WARNING]  (8) : Server api/s1 is DOWN`. */
const own = /^\[(ALERT|WARNING|NOTICE|DIAG)\]\s+\((\d+)\)\s*: (.*)$/s;
const severities = { ALERT: 1, WARNING: 4, NOTICE: 5, DIAG: 7 } as const;
/** Daemon, by RFC 5424. */
const facility = 3;
const informational = 6;

/** How bad a line is that HAProxy itself printed; null for any other, such as a `log stdout` of its owner. */
export function ownSeverity(text: string): number | null {
  const level = own.exec(text)?.[1] as keyof typeof severities | undefined;
  return level === undefined ? null : severities[level];
}

/**
 * Reads a line of an instance's container: one of HAProxy itself, one in a format of syslog, which
 * begins with its priority, or plain text.
 *
 * @param receivedMs wall clock
 */
export function readHaproxyLine(text: string, receivedMs: number): LogMessage {
  const [, level, pid = '', said = ''] = own.exec(text) ?? [];
  const nobody = { form: 'rfc5424', saidMs: null, hostname: '', app: 'haproxy' } as const;
  if (level !== undefined) {
    const severity = severities[level as keyof typeof severities];
    return { ...nobody, facility, severity, pid, text: said.slice(0, textMax) };
  }
  if (!text.startsWith('<')) {
    return { ...nobody, facility, severity: informational, pid: '', text: text.slice(0, textMax) };
  }
  const message = readMessage(Buffer.from(text), receivedMs);
  // No kernel speaks here, whatever an owner writes into a log-format.
  return { ...message, facility: message.facility || facility, app: message.app || 'haproxy' };
}
