import { type Fleet, type HostBrief, onHost } from '../fleet.ts';
import { type Children, html } from '../html.ts';
import { HostLink, InstanceLink } from '../parts/links.ts';
import { hostState, instanceState, type State, StateWord, Tier, urgency } from '../parts/mark.ts';
import { counted } from '../words.ts';

const rowsMax = 12;

interface Row {
  readonly key: string;
  readonly state: State;
  readonly what: Children;
  readonly why: string;
  /** Among those of one urgency the lower first. */
  readonly order: number;
}

/** What needs a look, the worst first, with what is known of why. Nothing where there is nothing. */
export function Trouble({ fleet: now }: { readonly fleet: Fleet }) {
  const rows = [...hostRows(now), ...instanceRows(now)].toSorted(
    (a, b) => urgency[a.state.tone] - urgency[b.state.tone] || a.order - b.order,
  );
  if (rows.length === 0) return null;
  return html`<section class="trouble" aria-label="What needs a look">
    <h2>Needs a look</h2>
    <ul>
      ${rows.slice(0, rowsMax).map(
        ({ key, state, what, why }) => html`<li key=${key}><${StateWord} state=${state} />
        <span class="what">${what}</span><span class="why">${why}</span></li>`,
      )}
    </ul>
    ${rows.length > rowsMax ? html`<p class="note">and ${counted(rows.length - rowsMax, 'more', 'more')}</p>` : null}
  </section>`;
}

function hostRows(now: Fleet): readonly Row[] {
  return [...now.hosts.values()].flatMap((host) => {
    if (host.state === 'ready' && host.verdict.state === 'alive') return [];
    if (host.state === 'ready' && host.verdict.state === 'unwitnessed') return [];
    const held = onHost(now, host.name).active.length;
    const state = host.state === 'ready' ? suspectState : hostState(host);
    const what = html`<${HostLink} name=${host.name} /> <span class="muted">${host.zone} ${host.rack}</span>`;
    return [{ key: `h ${host.name}`, state, what, why: evidence(host, held), order: -1 }];
  });
}

const suspectState: State = { tone: 'warn', shape: 'triangle', word: 'suspect' };

/** What its witnesses say, and what hangs on it. */
function evidence({ state, verdict }: HostBrief, held: number): string {
  const said = verdict.reasons.join('; ');
  const holds = held === 0 ? 'nothing runs there' : `${counted(held, 'instance')} there`;
  if (verdict.state === 'unwitnessed' && state !== 'dead') {
    return `${said}: nobody can prove that it is off, so its instances stay. ${holds}`;
  }
  return [said, holds].filter((part) => part !== '').join(' · ');
}

function instanceRows(now: Fleet): readonly Row[] {
  return [...now.instances.values()].flatMap((one) => {
    const state = instanceState(one);
    if (state.tone === 'ok') return [];
    const { problem, host, operation } = one;
    const what = html`<${InstanceLink} name=${one.name} /> <${Tier} tier=${one.tier} />
      <span class="muted">${one.addresses[0] ?? ''}</span>`;
    const why = [
      problem === null ? '' : `${problem.code}: ${problem.message}`,
      host === null ? '' : `on ${host}`,
      operation === null ? '' : 'an operation is at work on it',
    ];
    const order = one.tier;
    const text = why.filter((part) => part !== '').join(' · ');
    return [{ key: `i ${one.name}`, state, what, why: text, order }];
  });
}
