import type { AuditView, TokenView, UserView } from '../../src/protocol/access-views.ts';
import { may, me, pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { html } from '../html.ts';
import {
  AddTokenButton,
  AddUserButton,
  InviteButton,
  RemoveUserButton,
  RevokeButton,
} from '../parts/acts-access.ts';
import { type State, StateWord } from '../parts/mark.ts';
import { Answered, Empty, Facts, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { moment, span } from '../words.ts';

/** More than there are; the list is one page. */
const namesMax = 10_000;
const auditMax = 200;

interface Items<Item> {
  readonly items: readonly Item[];
}

/** Who one is, who else may come in, and what was done by whom. */
export function AccessPage() {
  const who = useCell(me);
  const isAdmin = may(who, 'admin', true);
  const via = {
    file: 'the token in the data folder',
    token: 'a token of the API',
    login: 'a login',
  };
  return html`<h1>Access</h1>
    ${
      who === null || who === undefined
        ? null
        : html`<${Panel} title="You"><${Facts} rows=${[
            ['Name', who.name],
            ['Role', who.role],
            [
              'Sees',
              who.owners === null ? 'all of the fleet' : `instances of ${who.owners.join(', ')}`,
            ],
            ['Came in by', via[who.via]],
            ['Ends', who.expiresMs === null ? 'never' : moment(who.expiresMs)],
          ]} /><//>`
    }
    ${isAdmin ? html`<${Users} />` : null}
    <${Tokens} mayMake=${who?.via !== 'token'} />
    ${isAdmin ? html`<${Audit} />` : null}`;
}

const active: State = { tone: 'ok', shape: 'disc', word: 'may come in' };
const invited: State = { tone: 'busy', shape: 'half', word: 'invited' };
const disabled: State = { tone: 'idle', shape: 'bars', word: 'disabled' };

function Users() {
  const asked = useAnswer<Items<UserView>>(
    pathOf('getUsers', { query: { limit: namesMax } }),
    5_000,
  );
  return html`<${Panel} title="Users" acts=${html`<${AddUserButton} again=${asked.again} />`}>
    <${Answered} asked=${asked}>${({ items }: Items<UserView>) =>
      items.length === 0
        ? html`<${Empty}>None yet. A scheduler that starts without a user prints an invitation.<//>`
        : html`<${Table} label="Users" head=${['State', 'Name', 'Role', 'Sees', 'Since', 'Made by', '']}
            rows=${items.map((one) => ({
              key: one.name,
              cells: [
                html`<${StateWord} state=${one.isDisabled ? disabled : one.isInvited ? invited : active} />`,
                one.name,
                one.role,
                one.owners === null ? 'all' : one.owners.join(', '),
                html`<time>${moment(one.createdMs)}</time>`,
                one.createdBy,
                html`<div class="acts"><${InviteButton} name=${one.name} />
                  <${RemoveUserButton} name=${one.name} again=${asked.again} /></div>`,
              ],
            }))} />`}<//>
  <//>`;
}

function Tokens({ mayMake }: { readonly mayMake: boolean }) {
  const asked = useAnswer<Items<TokenView>>(
    pathOf('getTokens', { query: { limit: namesMax } }),
    5_000,
  );
  const acts = mayMake ? html`<${AddTokenButton} again=${asked.again} />` : null;
  return html`<${Panel} title="Tokens of the API" acts=${acts}>
    <${Answered} asked=${asked}>${({ items }: Items<TokenView>) =>
      items.length === 0
        ? html`<${Empty}>None.<//>`
        : html`<${Table} label="Tokens" head=${['Name', 'Role', 'Sees', 'Whose', '#Good for', 'Last used', '']}
            rows=${items.map((one) => ({
              key: one.name,
              cells: [
                one.name,
                one.role,
                one.owners === null ? 'all' : one.owners.join(', '),
                one.user ?? 'nobody’s',
                one.expiresMs > Date.now() ? span(one.expiresMs - Date.now()) : 'expired',
                one.usedMs === null ? 'never' : moment(one.usedMs),
                html`<div class="acts"><${RevokeButton} name=${one.name} again=${asked.again} /></div>`,
              ],
            }))} />`}<//>
  <//>`;
}

const results: Readonly<Record<AuditView['entry']['result'], State>> = {
  asked: { tone: 'idle', shape: 'ring', word: 'asked' },
  done: { tone: 'ok', shape: 'check', word: 'done' },
  failed: { tone: 'bad', shape: 'cross', word: 'failed' },
  refused: { tone: 'warn', shape: 'cross', word: 'refused' },
};

function Audit() {
  const asked = useAnswer<Items<AuditView>>(
    pathOf('getAudit', { query: { limit: auditMax } }),
    3_000,
  );
  return html`<${Panel} title="Audit log" note="every change and every refusal, the newest first">
    <${Answered} asked=${asked}>${({ items }: Items<AuditView>) => html`<${Table} label="Audit log"
      head=${['', 'When', 'Who', 'From', 'What', 'Of', 'Why']}
      rows=${items
        .toSorted((a, b) => b.id - a.id)
        .map(({ id, atMs, entry }) => ({
          key: id,
          cells: [
            html`<${StateWord} state=${results[entry.result]} />`,
            html`<time>${moment(atMs)}</time>`,
            entry.who,
            entry.address,
            html`<code>${entry.route}</code>`,
            entry.object ?? '',
            [
              entry.code ?? '',
              ...Object.entries(entry.details).map(([key, value]) => `${key}: ${value}`),
            ]
              .filter((part) => part !== '')
              .join(' · '),
          ],
        }))} />`}<//>
  <//>`;
}
