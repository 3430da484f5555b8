import type { CapacityView, OperationView, RebalanceView } from '../../src/protocol/api.ts';
import { pathOf, post, requestOf } from '../api.ts';
import { html } from '../html.ts';
import { Act, ActButton, Begun } from '../parts/act.ts';
import { HostLink, InstanceLink } from '../parts/links.ts';
import { urgency } from '../parts/mark.ts';
import { Outcome, outcomeState } from '../parts/outcome.ts';
import { Answered, Empty, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { counted } from '../words.ts';

const kinds = ['zone', 'rack', 'host'] as const;
const shownMax = 60;

/** What the loss of each host, rack or zone would do to the fleet as it is now. */
export function CapacityPage() {
  const asked = useAnswer<CapacityView>(pathOf('getCapacity', {}), 30_000);
  const acts = html`<${ActButton} name="Rebalance …" title="Rebalance">${() => html`<${Rebalance} />`}<//>`;
  return html`<div class="head"><h1>What if</h1><span class="muted">one of these were lost now</span>
    <div class="acts">${acts}</div></div>
    <${Answered} asked=${asked}>${({ losses }: CapacityView) =>
      losses.length === 0
        ? html`<${Empty}>No host carries anything: nothing could be lost.<//>`
        : kinds.map((kind) => {
            const of = losses
              .filter((loss) => loss.kind === kind)
              .toSorted(
                (a, b) =>
                  urgency[outcomeState(a).tone] - urgency[outcomeState(b).tone] ||
                  b.instances - a.instances,
              );
            if (of.length === 0) return null;
            return html`<${Panel} key=${kind} title=${`Loss of a ${kind}`} note=${counted(of.length, kind)}>
              <ul class="losses">${of.slice(0, shownMax).map(
                (loss) => html`<li key=${loss.name}>
                <div>${kind === 'host' ? html`<${HostLink} name=${loss.name} />` : loss.name}<span class="note">
                  ${kind === 'host' ? '' : counted(loss.hosts.length, 'host')}</span></div>
                <${Outcome} loss=${loss} />
              </li>`,
              )}</ul>
              ${of.length > shownMax ? html`<p class="note">and ${of.length - shownMax} more that are no worse</p>` : null}
            <//>`;
          })}<//>`;
}

function Rebalance() {
  const asked = useAnswer<RebalanceView>(
    pathOf('getRebalance', { query: { movesMax: 10 } }),
    10_000,
  );
  return html`<${Answered} asked=${asked}>${({ moves }: RebalanceView) => html`<${Act}
    verb=${`Make ${counted(moves.length, 'move')}`}
    isReady=${moves.length > 0}
    run=${(reason: string) => post<OperationView>(requestOf('postRebalance', { body: { movesMax: 10, reason } }))}
    done=${(operation: OperationView) => html`<${Begun} id=${operation.id} />`}
  ><div class="plan"><h3>What will happen</h3>
    ${
      moves.length === 0
        ? html`<p>Nothing: no move would make the load more even.</p>`
        : html`<p>These migrations, one after the other. Each is planned again when its turn comes.</p>
    <${Table} label="Moves" head=${['Instance', 'From', 'To', 'Why']} rows=${moves.map((move) => ({
      key: move.instance,
      cells: [
        html`<${InstanceLink} name=${move.instance} />`,
        move.from,
        move.to,
        html`<span class="note">${move.explanation}</span>`,
      ],
    }))} />`
    }
  </div><//>`}<//>`;
}
