import { useState } from 'preact/hooks';
import type { ApplyAnswer, InstanceView } from '../../src/protocol/api.ts';
import type {
  ConfigDiffView,
  ConfigVersionHeadView,
  ConfigVersionView,
} from '../../src/protocol/config-views.ts';
import { may, me, pathOf, post, requestOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { html } from '../html.ts';
import { Act, ActButton, Begun, Holder } from '../parts/act.ts';
import { Code, Diff } from '../parts/code.ts';
import { type State, StateWord } from '../parts/mark.ts';
import { Answered, Empty, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { moment } from '../words.ts';

const rowsMax = 12;

interface Versions {
  readonly items: readonly ConfigVersionHeadView[];
}

interface Props {
  readonly name: string;
  readonly view: InstanceView | null;
}

/** What an instance is meant to run, whether it does, and what it was meant to run before. */
export function Configuration({ name, view }: Props) {
  const asked = useAnswer<Versions>(pathOf('getInstanceVersions', { path: { name } }), 3_000);
  const mayChange = may(useCell(me), 'operator');
  const state = view === null ? null : loadedState(view);
  const note = state === null ? null : html`<${StateWord} state=${state} />`;
  return html`<${Panel} title="Configuration" note=${note}>
    ${
      view === null
        ? null
        : html`<details><summary>As its owner wrote it</summary>
      <${Code} label=${`Configuration of ${name}`} text=${view.config} /></details>`
    }
    <${Answered} asked=${asked}>${({ items }: Versions) =>
      items.length === 0
        ? html`<${Empty}>No version is on record.<//>`
        : html`<${Table} label="Versions" head=${['Version', 'When', 'Who', 'Why', '']}
            rows=${items.slice(0, rowsMax).map((one, index) => ({
              key: one.version,
              cells: [
                one.version,
                html`<time>${moment(one.atMs)}</time>`,
                one.who,
                one.reason,
                html`<div class="acts"><${LookButton} name=${name} one=${one} newest=${items[0] ?? one} />
                  ${index > 0 && mayChange ? html`<${RollbackButton} name=${name} to=${one} from=${items[0] ?? one} />` : null}</div>`,
              ],
            }))} />`}<//>
  <//>`;
}

function loadedState({ configHash, loadedHash }: InstanceView): State {
  if (loadedHash === null) return { tone: 'idle', shape: 'ring', word: 'nothing runs' };
  return loadedHash === configHash
    ? { tone: 'ok', shape: 'check', word: 'runs what was applied' }
    : { tone: 'warn', shape: 'triangle', word: 'runs another version' };
}

interface LookProps {
  readonly name: string;
  readonly one: ConfigVersionHeadView;
  readonly newest: ConfigVersionHeadView;
}

/** What a version changed, held against the one before it, and what differs from the newest. */
function LookButton({ name, one, newest }: LookProps) {
  return html`<${ActButton} name="Look" kind="plain" title=${`${name}, version ${one.version}`}>${() =>
    html`<${Look} name=${name} one=${one} newest=${newest} />`}<//>`;
}

function Look({ name, one, newest }: LookProps) {
  const isFirst = one.version <= 1;
  const [against, setAgainst] = useState<'before' | 'newest' | 'alone'>(
    isFirst ? 'alone' : 'before',
  );
  const ways = [
    ...(isFirst ? [] : [['before', 'what it changed'] as const]),
    ...(one.version === newest.version ? [] : [['newest', 'what changed since'] as const]),
    ['alone', 'all of it'] as const,
  ];
  return html`<div class="choice" role="group" aria-label="Show">
      ${ways.map(
        ([way, words]) => html`<button key=${way} aria-pressed=${way === against}
        onClick=${() => setAgainst(way)}>${words}</button>`,
      )}
    </div>
    ${against === 'alone' ? html`<${Whole} name=${name} version=${one.version} />` : null}
    ${against === 'before' ? html`<${Difference} name=${name} from=${one.version - 1} to=${one.version} />` : null}
    ${against === 'newest' ? html`<${Difference} name=${name} from=${one.version} to=${newest.version} />` : null}`;
}

function Whole({ name, version }: { readonly name: string; readonly version: number }) {
  const asked = useAnswer<ConfigVersionView>(
    pathOf('getInstanceVersion', { path: { name, version } }),
    60_000,
  );
  return html`<${Answered} asked=${asked}>${({ config, image }: ConfigVersionView) => html`
    <p class="note">image ${image}</p><${Code} label=${`Version ${version}`} text=${config} />`}<//>`;
}

interface Between {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

function Difference({ name, from, to }: Between) {
  const asked = useAnswer<ConfigDiffView>(
    pathOf('getInstanceDiff', { path: { name }, query: { from, to } }),
    60_000,
  );
  return html`<${Answered} asked=${asked}>${({ diff, images }: ConfigDiffView) => html`
    ${images.from === images.to ? null : html`<p>Image ${images.from} → ${images.to}</p>`}
    ${
      diff === ''
        ? html`<p class="note">The texts are the same.</p>`
        : html`
      <${Diff} label=${`From version ${from} to ${to}`} text=${diff} />`
    }`}<//>`;
}

/** Going back to a version: what that changes, and it as it is rolled out. */
function RollbackButton({
  name,
  to,
  from,
}: {
  readonly name: string;
  readonly to: ConfigVersionHeadView;
  readonly from: ConfigVersionHeadView;
}) {
  const title = `Roll ${name} back to version ${to.version}`;
  return html`<${ActButton} name="Roll back …" kind="plain" title=${title}>${() => html`<${Act}
    verb=${`Roll back to version ${to.version}`}
    run=${(reason: string) =>
      post<ApplyAnswer>(
        requestOf('postInstanceRollback', { path: { name }, body: { to: to.version, reason } }),
      )}
    done=${(answer: ApplyAnswer) => html`<${RolledBack} answer=${answer} />`}
  >
    <${Holder} object=${`instance/${name}`} />
    <div class="plan"><h3>What will happen</h3>
      <p>HAProxy of the instance's image checks that text. Then it becomes a new version, and the instance's host
      loads it without dropping a connection. These lines change:</p></div>
    <${Difference} name=${name} from=${from.version} to=${to.version} />
  <//>`}<//>`;
}

function RolledBack({ answer }: { readonly answer: ApplyAnswer }) {
  const [first] = answer.operations;
  if (first === undefined) return html`<p>Nothing was to be changed.</p>`;
  return html`<${Begun} id=${first.id} />`;
}
