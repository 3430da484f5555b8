import { readFile } from 'node:fs/promises';

/** One row of /proc/PID/net/tcp or tcp6. */
export interface TcpRow {
  readonly localPort: number;
  readonly state: number;
}

// net/tcp_states.h. A connection counts as open while either side may still send what the other
// has to get: TIME_WAIT and FIN_WAIT2 owe the client nothing.
const listening = 10;
const openStates: ReadonlySet<number> = new Set([1, 3, 4, 8, 9, 11]);

/** Rows of the kernel's TCP table in its text form (proc(5), /proc/net/tcp). */
export function parseTcpTable(text: string): readonly TcpRow[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /.exec(
      line,
    );
    if (match === null) return [];
    return [
      {
        localPort: Number.parseInt(match[1] ?? '', 16),
        state: Number.parseInt(match[2] ?? '', 16),
      },
    ];
  });
}

/** Connections that clients have open to a listening port; those to backends do not count. */
export function countInbound(rows: readonly TcpRow[]): number {
  const ports = new Set(
    rows.filter(({ state }) => state === listening).map((row) => row.localPort),
  );
  return rows.filter(({ localPort, state }) => openStates.has(state) && ports.has(localPort))
    .length;
}

/** Client connections open in the network namespace of `pid`, by the kernel's own table. */
export async function openConnections(pid: number): Promise<number> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8')),
  );
  return countInbound(tables.flatMap(parseTcpTable));
}
