// Changing a server of an instance while it runs, without a reload.

import { useState } from 'preact/hooks';
import type { ServersView } from '../../src/protocol/live-views.ts';
import { may, me, post, requestOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { html } from '../html.ts';
import { Act, ActButton, Holder } from './act.ts';

type Server = ServersView['items'][number];
type State = Server['state'];

const states: readonly (readonly [State, string])[] = [
  ['ready', 'takes sessions, and is checked'],
  ['drain', 'takes no new session but those that belong there by a cookie or a table'],
  ['maint', 'takes none, and is not checked'],
];
const weightMax = 256;

interface Props {
  readonly instance: string;
  readonly server: Server;
  readonly again: () => void;
}

/** Another state or weight for a server. */
export function ServerButton(props: Props) {
  if (!may(useCell(me), 'operator')) return null;
  const { backend, server } = props.server;
  return html`<${ActButton} name="Change …" kind="plain" title=${`Change server ${backend}/${server}`}>
    ${() => html`<${ChangeServer} ...${props} />`}<//>`;
}

function ChangeServer({ instance, server: one, again }: Props) {
  const [state, choose] = useState<State>(one.state);
  const [weight, weigh] = useState(String(one.weight));
  const [keep, setKeep] = useState(false);
  const name = `${one.backend}/${one.server}`;
  const isWeight = /^\d{1,3}$/.test(weight) && Number(weight) <= weightMax;
  const hasChange = state !== one.state || (isWeight && Number(weight) !== one.weight) || keep;
  const body = {
    ...(state === one.state && !keep ? {} : { state }),
    ...(Number(weight) === one.weight && !keep ? {} : { weight: Number(weight) }),
    keep,
  };
  const of = { path: { name: instance, backend: one.backend, server: one.server } };
  return html`<${Act}
    verb=${`Change ${name}`}
    isReady=${hasChange && isWeight}
    run=${async (reason: string) => {
      const said = await post<{ text: string }>(
        requestOf('postInstanceServer', { ...of, body: { ...body, reason } }),
      );
      again();
      return said;
    }}
    done=${({ text }: { text: string }) => html`<p role="status">${text}</p>`}
  >
    <${Holder} object=${`instance/${instance}`} />
    <fieldset class="choices">
      <legend>State</legend>
      ${states.map(
        ([word, means]) => html`<label key=${word}>
          <input type="radio" name="state" value=${word} checked=${word === state} onChange=${() => choose(word)} />
          <span class="name">${word}</span><span class="note">${means}</span></label>`,
      )}
    </fieldset>
    <label>Weight, 0 to ${weightMax} <input name="weight" inputmode="numeric" value=${weight}
      aria-invalid=${!isWeight}
      onInput=${(event: Event) => weigh((event.target as HTMLInputElement).value)} /></label>
    <label class="check"><input type="checkbox" name="keep" checked=${keep}
      onChange=${(event: Event) => setKeep((event.target as HTMLInputElement).checked)} />
      Keep it over reloads, restarts and moves</label>
    <div class="plan"><h3>What will happen</h3>
      <p>${planOf(one, state, isWeight ? Number(weight) : null, keep)}</p></div>
  <//>`;
}

function planOf(one: Server, state: State, weight: number | null, keep: boolean): string {
  const changes = [
    ...(state === one.state ? [] : [`goes from ${one.state} to ${state}`]),
    ...(weight === null || weight === one.weight
      ? []
      : [`weighs ${weight} in place of ${one.weight}`]),
  ];
  if (changes.length === 0 && !keep) return 'Nothing yet: choose another state or weight.';
  const what = changes.length === 0 ? 'stays as it is' : changes.join(' and ');
  const until = keep
    ? 'Every later load, failover and migration does it too.'
    : 'It lasts until the next reload, restart or move.';
  const open = state === one.state ? '' : ' Sessions that are open go on.';
  return `${one.backend}/${one.server} ${what}, at once and without a reload.${open} ${until}`;
}
