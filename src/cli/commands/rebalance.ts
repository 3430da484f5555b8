import type { RebalanceView } from '../../protocol/api.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import { type BeginOptions, go } from './migrate.ts';

/** Shows by which moves the load of the hosts would be evened out. */
export async function showRebalancing(session: Session, movesMax: number): Promise<void> {
  const api = await session.connect();
  const view = await api.rebalancing(movesMax);
  await session.print(view, () => rebalancingText(view, session.columns));
}

/**
 * Evens out the load of the hosts and shows each move as it ends.
 *
 * @throws BridgeheadError whatever refused its start, or what `watchToEnd` says of its end
 */
export async function rebalance(
  session: Session,
  movesMax: number,
  { reason, mode, key }: BeginOptions,
): Promise<void> {
  const api = await session.connect();
  const begun = await api.rebalance({ movesMax, reason, wait: mode === 'queue' }, key);
  return go(session, api, begun, mode);
}

function rebalancingText({ moves }: RebalanceView, columns: number): string {
  if (moves.length === 0) return 'nothing need be moved';
  const rows = moves.map(({ instance, from, to, explanation }) => [
    instance,
    from,
    to,
    explanation,
  ]);
  return tableText(['INSTANCE', 'FROM', 'TO', 'WHY'], rows, { columns });
}
