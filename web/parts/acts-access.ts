// Letting people and programs in, and no longer.

import { useState } from 'preact/hooks';
import { roles } from '../../src/domain/access.ts';
import { type CallError, post, requestOf } from '../api.ts';
import { type Children, html, wordOf } from '../html.ts';
import { moment } from '../words.ts';
import { ActButton } from './act.ts';
import { Failure } from './panel.ts';

const dayS = 86_400;

interface FormProps<Answer> {
  readonly verb: string;
  readonly isDangerous?: boolean;
  readonly run: (given: FormData) => Promise<Answer>;
  readonly done: (answer: Answer) => Children;
  readonly children?: Children;
}

function Form<Answer>({ verb, isDangerous = false, run, done, children }: FormProps<Answer>) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState<CallError | null>(null);
  if (answer !== null) return html`<div class="act">${done(answer)}</div>`;
  const submit = (event: Event) => {
    event.preventDefault();
    run(new FormData(event.target as HTMLFormElement)).then(setAnswer, setError);
  };
  return html`<form class="act" onSubmit=${submit}>${children}
    ${error === null ? null : html`<${Failure} error=${error} />`}
    <p class="buttons"><button class=${isDangerous ? 'danger' : 'main'}>${verb}</button></p>
  </form>`;
}

function Grant() {
  return html`<label>Name <input name="name" required maxlength="63" autocomplete="off" /></label>
    <label>Role <select name="role">${roles.map((role) => html`<option key=${role}>${role}</option>`)}</select></label>
    <label>Only instances of these owners <input name="owners"
      placeholder="all of the fleet, or owners with spaces between" autocomplete="off" /></label>`;
}

function grantOf(given: FormData) {
  const text = (name: string) => wordOf(given, name);
  const owners = text('owners')
    .split(/[\s,]+/)
    .filter((owner) => owner !== '');
  const role = roles.find((one) => one === text('role')) ?? roles[0];
  return { name: text('name'), role, owners: owners.length === 0 ? null : owners };
}

interface Invitation {
  readonly name: string;
  readonly invitation: string;
  readonly expiresMs: number;
}

function Invited({ name, invitation, expiresMs }: Invitation) {
  return html`<p>${name} comes in by this invitation, once and until ${moment(expiresMs)}. It is shown this once.</p>
    <pre class="code secret" tabindex="0">${invitation}</pre>`;
}

interface AgainProps {
  readonly again: () => void;
}

export function AddUserButton({ again }: AgainProps) {
  return html`<${ActButton} name="Add a user …">${() => html`<${Form} verb="Add"
    run=${async (given: FormData) => {
      const answer = await post<Invitation>(requestOf('postUsers', { body: grantOf(given) }));
      again();
      return answer;
    }}
    done=${(answer: Invitation) => html`<${Invited} ...${answer} />`}><${Grant} /><//>`}<//>`;
}

export function InviteButton({ name }: { readonly name: string }) {
  return html`<${ActButton} name="Invite again …" kind="plain" title=${`Invite ${name} again`}>${() => html`<${Form} verb="Invite"
    run=${() => post<Invitation>(requestOf('postUserInvite', { path: { name } }))}
    done=${(answer: Invitation) => html`<${Invited} ...${answer} />`}
  ><p>${name} chooses a new password by it.</p><//>`}<//>`;
}

interface NamedProps extends AgainProps {
  readonly name: string;
}

export function RemoveUserButton({ name, again }: NamedProps) {
  return html`<${ActButton} name="Remove …" kind="plain" title=${`Remove ${name}`}>${() => html`<${Form}
    verb=${`Remove ${name}`} isDangerous=${true}
    run=${async () => {
      await post(requestOf('postUserRemove', { path: { name } }));
      again();
      return true;
    }}
    done=${() => html`<p>${name} is removed.</p>`}
  ><p>Logins and tokens of ${name} end at once.</p><//>`}<//>`;
}

export function AddTokenButton({ again }: AgainProps) {
  return html`<${ActButton} name="Make a token …" title="Make a token">${() => html`<${Form} verb="Make it"
    run=${async (given: FormData) => {
      const lifeS = Number(given.get('days')) * dayS;
      const answer = await post<{ token: string }>(
        requestOf('postTokens', { body: { ...grantOf(given), lifeS } }),
      );
      again();
      return answer;
    }}
    done=${({ token }: { token: string }) => html`<p>It is shown this once.</p><pre class="code secret" tabindex="0">${token}</pre>`}
  ><${Grant} /><label>Days <input name="days" type="number" min="1" max="366" value="90" required /></label><//>`}<//>`;
}

export function RevokeButton({ name, again }: NamedProps) {
  return html`<${ActButton} name="Revoke …" kind="plain" title=${`Revoke ${name}`}>${() => html`<${Form}
    verb=${`Revoke ${name}`} isDangerous=${true}
    run=${async () => {
      await post(requestOf('postTokenRevoke', { path: { name } }));
      again();
      return true;
    }}
    done=${() => html`<p>Token ${name} is revoked.</p>`}
  ><p>Whatever sends it is refused from then on.</p><//>`}<//>`;
}
