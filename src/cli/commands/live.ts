import type { EntryRequest, OverrideView, ServerRequest } from '../../protocol/live-views.ts';
import { durationText, momentText } from '../duration.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

type Kind = 'map' | 'acl';

export async function listServers(session: Session, instance: string): Promise<void> {
  const { items } = await (await session.connect()).servers(instance);
  const rows = items.map((one) => [
    `${one.backend}/${one.server}`,
    one.state,
    one.isUp ? 'up' : session.paint('red', 'down'),
    one.weight === one.configuredWeight
      ? String(one.weight)
      : `${one.weight} (configured ${one.configuredWeight})`,
    one.address === null ? '-' : addressText(one.address, one.port),
    durationText(one.sinceS * 1_000),
    one.kept ?? '-',
  ]);
  await session.print(items, () =>
    table(
      session,
      'no servers',
      ['SERVER', 'STATE', 'CHECKS', 'WEIGHT', 'ADDRESS', 'SINCE', 'KEPT'],
      rows,
    ),
  );
}

export async function setServer(
  session: Session,
  instance: string,
  server: string,
  input: ServerRequest,
): Promise<void> {
  await done(session, (await session.connect()).setServer(instance, server, input));
}

export async function listFiles(session: Session, instance: string, kind: Kind): Promise<void> {
  const { items } = await (await session.connect()).patternFiles(instance, kind);
  const rows = items.map(({ file, entries }) => [file, String(entries)]);
  const none = `no ${kind} is read from a file`;
  await session.print(items, () => table(session, none, ['FILE', 'ENTRIES'], rows));
}

export async function showEntries(
  session: Session,
  instance: string,
  kind: Kind,
  file: string,
): Promise<void> {
  const view = await (await session.connect()).entries(instance, kind, file);
  const headings = kind === 'map' ? ['KEY', 'VALUE'] : ['KEY'];
  const rows = view.items.map(({ key, value }) => (kind === 'map' ? [key, value] : [key]));
  await session.print(view, () => table(session, 'no entries', headings, rows) + cut(view.isCut));
}

export async function setEntry(
  session: Session,
  instance: string,
  kind: Kind,
  input: EntryRequest,
): Promise<void> {
  await done(session, (await session.connect()).setEntry(instance, kind, input));
}

export async function listTables(session: Session, instance: string): Promise<void> {
  const { items } = await (await session.connect()).tables(instance);
  const rows = items.map(({ name, type, used, size }) => [name, type, `${used} of ${size}`]);
  await session.print(items, () => table(session, 'no tables', ['TABLE', 'TYPE', 'ENTRIES'], rows));
}

export async function showTable(
  session: Session,
  instance: string,
  name: string,
  key: string | null,
): Promise<void> {
  const view = await (await session.connect()).table(instance, name, key);
  const rows = view.items.map((one) => [
    one.key,
    durationText(one.expiresMs),
    Object.entries(one.data)
      .map(([field, value]) => `${field}=${value}`)
      .join(' '),
  ]);
  await session.print(
    view,
    () => table(session, 'no entries', ['KEY', 'FOR', 'COUNTED'], rows) + cut(view.isCut),
  );
}

export async function clearTable(
  session: Session,
  instance: string,
  name: string,
  input: { readonly key: string | null; readonly reason: string },
): Promise<void> {
  await done(session, (await session.connect()).clearTable(instance, name, input));
}

export async function listOverrides(session: Session, instance: string): Promise<void> {
  const items = await (await session.connect()).overrides(instance);
  await session.print(items, () =>
    table(
      session,
      'nothing is kept',
      ['WHAT', 'IS TO BE', 'BY', 'AT', 'WHY'],
      items.map((one: OverrideView) => [
        ...[one.what, one.text, one.who, momentText(one.atMs), one.reason || '-'],
      ]),
    ),
  );
}

export async function removeOverride(
  session: Session,
  instance: string,
  input: { readonly what: string; readonly reason: string },
): Promise<void> {
  await done(session, (await session.connect()).removeOverride(instance, input));
}

async function done(session: Session, sent: Promise<string>): Promise<void> {
  const text = await sent;
  await session.print({ text }, () => text);
}

function table(
  { columns }: Session,
  none: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return rows.length === 0 ? none : tableText(headings, rows, { columns });
}

function cut(isCut: boolean): string {
  return isCut ? '\nand more: not all are shown' : '';
}

function addressText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
