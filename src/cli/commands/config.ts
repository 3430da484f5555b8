import type { RollbackRequest } from '../../protocol/config-views.ts';
import { diffText } from '../changes.ts';
import type { DiffInput } from '../config-calls.ts';
import { momentText } from '../duration.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import { showApplied } from './apply.ts';

const hashShown = 12;

export async function showHistory(session: Session, instance: string): Promise<void> {
  const items = await (await session.connect()).configVersions(instance);
  const rows = items.map(({ version, atMs, who, reason, hash }) => [
    String(version),
    momentText(atMs),
    who || '-',
    hash.slice(0, hashShown),
    reason || '-',
  ]);
  const headings = ['VERSION', 'APPLIED', 'BY', 'HASH', 'REASON'];
  await session.print(items, () => tableText(headings, rows, session));
}

export async function showVersion(
  session: Session,
  instance: string,
  version: number | undefined,
  isRendered: boolean,
): Promise<void> {
  const view = await (await session.connect()).configVersion(instance, version);
  await session.print(view, () => (isRendered ? view.rendered : view.config).replace(/\n$/, ''));
}

export async function showDiff(
  session: Session,
  instance: string,
  input: DiffInput,
): Promise<void> {
  const view = await (await session.connect()).configDiff(instance, input);
  const { from, to, images, diff } = view;
  await session.print(view, () => {
    const isSame = diff === '' && images.from === images.to;
    if (isSame) return `versions ${from.version} and ${to.version} are equal`;
    const lines = [
      `--- ${instance} version ${from.version}`,
      `+++ ${instance} version ${to.version}`,
    ];
    if (images.from !== images.to) lines.push(`image: ${images.from} -> ${images.to}`);
    return [...lines, ...(diff === '' ? [] : [diffText(diff, session.paint)])].join('\n');
  });
}

export async function rollback(
  session: Session,
  instance: string,
  input: RollbackRequest,
  { key, isWaiting }: { readonly key: string; readonly isWaiting: boolean },
): Promise<void> {
  const api = await session.connect();
  await showApplied(session, api, await api.rollback(instance, input, key), isWaiting);
}
