import { closeSync, openSync } from 'node:fs';
import { createConnection } from 'node:net';
import { type ServerRow, serverRows } from '../haproxy/server-rows.ts';

const answerBytesMax = 16 * 1024 * 1024;

/**
 * Sends one command to a HAProxy unix socket (runtime API or master CLI) and reads the answer to
 * its end.
 *
 * @param folder folder of the socket. It is held open and named by its descriptor, because a
 * socket's whole path may be no longer than 107 bytes (unix(7)) and data folders are longer.
 * @throws Error when nobody listens or no whole answer came within `timeoutMs`
 */
export async function askHaproxy(
  folder: string,
  socket: string,
  command: string,
  timeoutMs = 2_000,
): Promise<string> {
  const fd = openSync(folder, 'r');
  try {
    return await exchange(`/proc/self/fd/${fd}/${socket}`, command, timeoutMs);
  } finally {
    closeSync(fd);
  }
}

function exchange(path: string, command: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = createConnection({ path, timeout: timeoutMs });
    const chunks: Buffer[] = [];
    let bytes = 0;
    connection.once('connect', () => connection.end(`${command}\n`));
    connection.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) connection.destroy(new Error('answer over 16 MiB'));
      else chunks.push(chunk);
    });
    connection.once('timeout', () => connection.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    connection.once('error', (cause) =>
      reject(
        new Error(`HAProxy did not answer "${firstLine(command)}": ${cause.message}`, { cause }),
      ),
    );
    connection.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

// What stands behind it may be a key.
function firstLine(command: string): string {
  return command.split('\n', 1)[0] ?? '';
}

/** The `description` that HAProxy gives in its answer to `show info`; empty where it has none. */
export function descriptionOf(showInfo: string): string {
  return /^description: (.*)$/m.exec(showInfo)?.[1] ?? '';
}

/** Servers with health checks, as `backend/server`, from `show servers state` (version 1). */
export function parseCheckedServers(text: string): readonly string[] {
  return checkedRows(text).map(nameOf);
}

/** Servers that their health checks have taken for dead within so many seconds; the same form. */
export function parseFailedServers(text: string, withinS: number): readonly string[] {
  const isFailed = (cell: ServerRow) =>
    cell('srv_op_state') === stopped && Number(cell('srv_time_since_last_change')) <= withinS;
  return checkedRows(text).filter(isFailed).map(nameOf);
}

function checkedRows(text: string): readonly ServerRow[] {
  return serverRows(text).filter(
    (cell) => (Number(cell('srv_check_state')) & checkConfigured) !== 0,
  );
}

function nameOf(cell: ServerRow): string {
  return `${cell('be_name')}/${cell('srv_name')}`;
}

/** SRV_ST_STOPPED of srv_op_state (management guide, 9.3). */
const stopped = '0';

/** CHK_ST_CONFIGURED of srv_check_state: the server has a health check (management guide, 9.3). */
const checkConfigured = 2;
