import { readFile } from 'node:fs/promises';
import { BridgeheadError } from '../../domain/errors.ts';
import { type AuditView, auditView } from '../../protocol/access-views.ts';
import { type ChainEnd, chainStart, followChain } from '../../trust/audit-chain.ts';
import type { ApiClient } from '../client.ts';
import { momentText } from '../duration.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

/** Rows of one answer. */
const pageRows = 5_000;

/** Lists the newest rows. */
export async function listAudit(session: Session, limit: number): Promise<void> {
  const rows = await (await session.connect()).audit(limit);
  await session.print(rows, () => auditTable(rows, session.columns));
}

/** Prints all rows after an id, a JSON object a line. */
export async function exportAudit(session: Session, after: number): Promise<void> {
  const api = await session.connect(true);
  for await (const rows of pages(api, after)) {
    session.terminal.out(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
}

/**
 * Follows the chain, of the server's rows or of a file that was exported.
 *
 * @param known `ID:HASH` that an earlier run printed: the row with that id must still have it
 * @throws BridgeheadError AUDIT_BROKEN
 */
export async function verifyAudit(
  session: Session,
  { file, known }: { readonly file: string | undefined; readonly known: string | undefined },
): Promise<void> {
  const from = known === undefined ? chainStart : endOf(known);
  const source =
    file === undefined
      ? pages(await session.connect(true), from.id)
      : [await rowsOf(file, from.id)];
  let end: ChainEnd = from;
  for await (const rows of source) {
    const followed = followChain(end, rows);
    if (followed.fault !== null) throw broken(followed.fault);
    end = followed.end;
  }
  // Rows that were cut off at the end are missed only by who knows of them.
  if (known !== undefined && end.id === from.id) await checkStands(session, file, from);
  const rows = end.id - from.id;
  const mark = `${end.id}:${end.hash}`;
  await session.print({ rows, end }, () =>
    [
      `${rows} rows, each follows the one before it.`,
      `Keep this elsewhere; later: bridgehead audit verify --after ${mark}`,
    ].join('\n'),
  );
}

async function checkStands(
  session: Session,
  file: string | undefined,
  { id, hash }: ChainEnd,
): Promise<void> {
  if (id === 0) return;
  const [row] =
    file === undefined
      ? await (await session.connect()).audit(1, id - 1)
      : await rowsOf(file, id - 1);
  if (row?.id !== id) throw broken(`row ${id} is missing`);
  if (row.hash !== hash) throw broken(`row ${id} has another hash than the one that was kept`);
}

async function* pages(api: ApiClient, after: number): AsyncGenerator<readonly AuditView[]> {
  let from = after;
  for (;;) {
    const rows = await api.audit(pageRows, from);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    from = last.id;
  }
}

async function rowsOf(file: string, after: number): Promise<readonly AuditView[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(`${file} cannot be read: ${cause.message}`);
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      try {
        return auditView.parse(JSON.parse(line));
      } catch {
        throw unreadable(`${file}:${index + 1} is no row of an audit log`);
      }
    })
    .filter(({ id }) => id > after);
}

function endOf(text: string): ChainEnd {
  const [, id, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (id !== undefined && hash !== undefined) return { id: Number(id), hash };
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `--after ${text} is no ID:HASH`,
    'Give the line that an earlier bridgehead audit verify printed.',
  );
}

function auditTable(rows: readonly AuditView[], columns: number): string {
  if (rows.length === 0) return 'nothing was changed or refused yet';
  return tableText(
    ['ID', 'TIME', 'WHO', 'FROM', 'RESULT', 'ROUTE', 'OBJECT', 'DETAILS'],
    rows.map(({ id, atMs, entry }) => [
      ...[String(id), momentText(atMs), entry.who, entry.address],
      [entry.result, entry.status, entry.code, entry.of === null ? null : `of ${entry.of}`]
        .filter((part) => part !== null)
        .join(' '),
      ...[entry.route, entry.object ?? '-'],
      Object.entries(entry.details)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ]),
    { right: new Set(['ID']), columns },
  );
}

function broken(fault: string): BridgeheadError {
  return new BridgeheadError(
    'AUDIT_BROKEN',
    `the audit log was tampered with: ${fault}`,
    'Hold it against an export from before, and look who could write to the database.',
  );
}

function unreadable(why: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    why,
    'Name a file that was written by: bridgehead audit export',
  );
}
