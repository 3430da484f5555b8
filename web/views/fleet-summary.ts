import type { FailoverView } from '../../src/protocol/api.ts';
import { may, me, pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { type Fleet, isOpen } from '../fleet.ts';
import { type Children, html } from '../html.ts';
import { FailoverButton } from '../parts/acts-failover.ts';
import type { Tone } from '../parts/mark.ts';
import { useAnswer } from '../query.ts';
import { linkTo } from '../route.ts';
import { counted } from '../words.ts';

/** The fleet in five figures. */
export function Summary({ fleet: now }: { readonly fleet: Fleet }) {
  const [hosts, instances] = [[...now.hosts.values()], [...now.instances.values()]];
  const ready = hosts.filter(({ state }) => state === 'ready').length;
  const cordoned = hosts.filter(({ cordonReason }) => cordonReason !== null).length;
  const serving = instances.filter(({ phase }) => phase === 'serving').length;
  const addresses = instances.reduce((sum, one) => sum + one.addresses.length, 0);
  const working = now.operations.filter(isOpen);
  const open = now.incidents.filter(({ state }) => state === 'open').length;
  const recovered = now.incidents.filter(({ state }) => state === 'recovered').length;
  const failover = useAnswer<FailoverView>(
    may(useCell(me), 'viewer', true) ? pathOf('getFailover', {}) : null,
  );
  const disarmed = failover.answer?.disarmed;
  return html`<dl class="summary">
    <${Figure} name="hosts ready" value=${ready} of=${hosts.length} tone=${ready < hosts.length ? 'warn' : 'ok'}
      note=${cordoned > 0 ? `${cordoned} cordoned` : 'none cordoned'} />
    <${Figure} name="instances serving" value=${serving} of=${instances.length}
      tone=${serving < instances.length ? 'bad' : 'ok'} note=${counted(addresses, 'address', 'addresses')} />
    <${Figure} name="operations open" href=${linkTo('operations')} value=${working.length}
      tone=${working.length > 0 ? 'busy' : 'ok'} note=${working[0]?.title ?? 'nothing is being changed'} />
    <${Figure} name="incidents open" href=${linkTo('incidents')} value=${open} tone=${open > 0 ? 'bad' : 'ok'}
      note=${recovered > 0 ? `${recovered} recovered, not resolved` : open > 0 ? 'see what is known' : 'nothing to be looked at'} />
    <${Figure} name="failover" value=${disarmed === undefined ? '…' : disarmed === null ? 'armed' : 'disarmed'}
      tone=${typeof disarmed === 'string' ? 'warn' : 'ok'}
      note=${html`${typeof disarmed === 'string' ? disarmed || 'no reason given' : 'a silent host is failed over'}
        ${disarmed === undefined ? null : html`<${FailoverButton} disarmed=${disarmed} again=${failover.again} />`}`} />
  </dl>`;
}

function Figure({
  name,
  value,
  of = null,
  tone,
  note,
  href = null,
}: {
  readonly name: string;
  readonly value: number | string;
  readonly of?: number | null;
  readonly tone: Tone;
  readonly note: Children;
  readonly href?: string | null;
}) {
  const text = typeof value === 'number' ? value.toLocaleString('en') : value;
  return html`<div class=${`figure ${tone}`}>
    <dt>${href === null ? name : html`<a href=${href}>${name}</a>`}</dt>
    <dd><span class="value">${text}</span>${
      of === null
        ? null
        : html`<span class="of"> of ${of.toLocaleString('en')}
      </span>`
    }</dd>
    <dd class="note">${note}</dd>
  </div>`;
}
