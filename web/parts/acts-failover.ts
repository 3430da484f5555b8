// Stopping the fleet from failing hosts over by itself, and letting it do so again.

import type { FailoverView } from '../../src/protocol/api.ts';
import { may, me, post, requestOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { html } from '../html.ts';
import { Act, ActButton } from './act.ts';

/** @param disarmed why nothing is failed over; null where it is */
export function FailoverButton({
  disarmed,
  again,
}: {
  readonly disarmed: string | null;
  readonly again: () => void;
}) {
  if (!may(useCell(me), 'operator', true)) return null;
  const then = (view: FailoverView) => {
    again();
    return view;
  };
  if (disarmed === null) {
    return html`<${ActButton} name="Disarm …" kind="plain" title="Disarm failover">${() => html`<${Act}
      verb="Disarm failover"
      isDangerous=${true}
      run=${async (reason: string) =>
        then(await post<FailoverView>(requestOf('postFailoverDisarm', { body: { reason } })))}
      done=${() => html`<p role="status">Failover is disarmed: a silent host is told of, and nothing is done about it.</p>`}
    ><div class="plan"><h3>What will happen</h3>
      <p>No host is failed over until failover is armed again, whatever becomes of it: what a lost host held
        answers nowhere. A host that is cut off still falls silent by itself. Every scheduler keeps to this.</p>
    </div><//>`}<//>`;
  }
  return html`<${ActButton} name="Arm …" title="Arm failover">${() => html`<${Act}
    verb="Arm failover"
    run=${async () => then(await post<FailoverView>(requestOf('postFailoverArm', {})))}
    done=${() => html`<p role="status">Failover is armed.</p>`}
  ><div class="plan"><h3>What will happen</h3>
    <p>A host that is proven silent is failed over again. One that is silent now is failed over at once, unless
      so many are that a person has to confirm it. It was disarmed for: ${disarmed || 'no reason given'}.</p>
  </div><//>`}<//>`;
}
