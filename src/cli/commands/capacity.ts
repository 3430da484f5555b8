import type { CapacityView } from '../../protocol/api.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

/** Shows what would become of every host's instances if it, its rack or its zone were lost. */
export async function capacity(session: Session): Promise<void> {
  const api = await session.connect();
  const view = await api.capacity();
  await session.print(view, () => capacityText(view, session.columns));
}

function capacityText({ losses }: CapacityView, columns: number): string {
  const rows = losses.map(({ kind, name, instances, promoted, placed, shed, stranded }) => [
    `${kind} ${name}`,
    String(instances),
    String(promoted),
    String(placed),
    shed.map((one) => `${one.name} (tier ${one.tier})`).join(', ') || 'none',
    stranded.map((one) => `${one.name} (tier ${one.tier})`).join(', ') || 'none',
  ]);
  const table = tableText(
    ['LOST', 'INSTANCES', 'STANDBY ANSWERS', 'PLACED ANEW', 'GIVE WAY', 'WITHOUT A PLACE'],
    rows,
    { right: new Set(['INSTANCES', 'STANDBY ANSWERS', 'PLACED ANEW']), columns },
  );
  const worst = losses.find(({ stranded }) => stranded.length > 0)?.stranded[0];
  return worst === undefined ? table : `${table}\n${worst.name}: ${worst.why}\n`;
}
