import { BridgeheadError } from '../../domain/errors.ts';
import type { RolloutView } from '../../protocol/config-views.ts';
import type { ApiClient } from '../client.ts';
import { momentText } from '../duration.ts';
import type { Session } from '../session.ts';
import { shortId } from '../short-id.ts';
import { recordText, tableText } from '../table.ts';

const listMax = 200;
const lettersMin = 4;

export async function listRollouts(session: Session, limit: number): Promise<void> {
  const items = await (await session.connect()).rollouts(limit);
  const rows = items.map((one) => [
    shortId(one.id),
    stateOf(one),
    `${one.owner}/${one.service}`,
    progressOf(one),
    momentText(one.requestedMs),
    one.who,
    one.breach ?? (one.reason || '-'),
  ]);
  const headings = ['ID', 'STATE', 'SERVICE', 'CHANGED', 'REQUESTED', 'BY', 'REASON'];
  await session.print(items, () =>
    items.length === 0 ? 'no rollouts' : tableText(headings, rows, session),
  );
}

export async function showRollout(session: Session, id: string): Promise<void> {
  await shown(session, find(await session.connect(), id));
}

export async function pauseRollout(session: Session, id: string, reason: string): Promise<void> {
  const api = await session.connect();
  await shown(session, api.pauseRollout((await find(api, id)).id, reason));
}

export async function resumeRollout(session: Session, id: string): Promise<void> {
  const api = await session.connect();
  await shown(session, api.resumeRollout((await find(api, id)).id));
}

export async function abortRollout(session: Session, id: string): Promise<void> {
  const api = await session.connect();
  const { id: whole } = await find(api, id);
  const view = await api.abortRollout(whole);
  await session.print(
    view,
    () => `rollout ${whole} is being ended; watch it go back with: bridgehead ops watch ${whole}`,
  );
}

async function shown(session: Session, asked: Promise<RolloutView>): Promise<void> {
  const view = await asked;
  const { canaries, batchSize, watchS, errorPercent } = view.settings;
  const batches = `${canaries} first, then ${batchSize} at a time`;
  const record = recordText([
    ['id', view.id],
    ['service', `${view.owner}/${view.service}`],
    ['state', stateOf(view)],
    ['by', `${view.who}, ${momentText(view.requestedMs)}`],
    ['reason', view.reason || '-'],
    ['batches', `${batches}, each watched for ${watchS} s; errors at most ${errorPercent} % more`],
    ['went back', view.breach ?? '-'],
  ]);
  const rows = view.targets.map((one) => [
    String(one.batch + 1),
    one.name,
    one.phase,
    String(one.fromVersion),
    one.toVersion === null ? '-' : String(one.toVersion),
    one.leftBecause ?? '-',
  ]);
  const headings = ['BATCH', 'INSTANCE', 'PHASE', 'FROM', 'TO', 'LEFT BECAUSE'];
  await session.print(view, () => `${record}\n\n${tableText(headings, rows, session)}`);
}

function stateOf({ state, breach, pause }: RolloutView): string {
  if (state !== 'running') return state;
  if (breach !== null) return 'goes back';
  return pause === null ? 'running' : `paused by ${pause.who}`;
}

function progressOf({ targets }: RolloutView): string {
  return `${targets.filter(({ phase }) => phase === 'changed').length} of ${targets.length}`;
}

/** @param text an id, or its beginning as lists show it */
async function find(api: ApiClient, text: string): Promise<RolloutView> {
  const all = await api.rollouts(listMax);
  const found = text.length < lettersMin ? [] : all.filter(({ id }) => id.startsWith(text));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw new BridgeheadError(
    'NOT_FOUND',
    found.length > 1
      ? `${text} is the beginning of several rollouts`
      : `there is no rollout ${text}`,
    'Give its id, or at least four characters of its beginning: bridgehead rollout list',
  );
}
