import type { ExplainView } from '../../protocol/api.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import { shedText } from '../tables.ts';
import type { Paint } from '../terminal.ts';

/** Where an instance would be placed and why, host by host. */
export async function explain(session: Session, instance: string): Promise<void> {
  const api = await session.connect();
  const view = await api.explain(instance);
  await session.print(view, () =>
    explainText(view, session.terminal.clock.wallMs(), session.paint, session.columns),
  );
}

/** Best first; each host with the parts of its score, or with every reason why it does not fit. */
export function explainText(
  view: ExplainView,
  nowMs: number,
  paint: Paint,
  columns: number,
): string {
  const here = view.host === null ? 'is on no host' : `is on ${view.host}`;
  const choice = view.choice === null ? 'no host fits it' : `best host for it: ${view.choice}`;
  const candidates = view.candidates.toSorted(
    (a, b) => Number(b.fits) - Number(a.fits) || b.score - a.score,
  );
  const rows = candidates.flatMap((candidate) => {
    const mark = candidate.host === view.host ? 'here' : '';
    if (!candidate.fits) {
      const [first = 'does not fit', ...more] = candidate.refusals;
      return [
        [candidate.host, paint('red', 'no'), '-', mark, first],
        ...more.map((refusal) => ['', '', '', '', refusal]),
      ];
    }
    const why = candidate.parts.map(
      ({ name, value, why }) => `${signed(value)} ${name}${why === '' ? '' : `: ${why}`}`,
    );
    const [first = '', ...more] = why;
    return [
      [candidate.host, paint('green', 'yes'), rounded(candidate.score), mark, first],
      ...more.map((part) => ['', '', '', '', part]),
    ];
  });
  const table = tableText(['HOST', 'FITS', 'SCORE', 'NOW', 'WHY'], rows, {
    right: new Set(['SCORE']),
    columns,
  });
  const shed = view.shed === null ? '' : `\nit was shed ${shedText(view.shed, nowMs)}`;
  return `instance ${view.instance} ${here}; ${choice}${shed}\n\n${table}`;
}

function signed(value: number): string {
  return value < 0 ? rounded(value) : `+${rounded(value)}`;
}

// Three places tell scores apart that the last part, a tie-breaker, makes.
function rounded(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
