import { useEffect, useState } from 'preact/hooks';
import { goToProvider, type Key, logIn, providerName } from '../api.ts';
import { html, wordOf } from '../html.ts';
import { Failure } from '../parts/panel.ts';

const ways = [
  ['password', 'Password'],
  ['invitation', 'Invitation'],
  ['token', 'Token'],
] as const;
type Way = (typeof ways)[number][0];

/** Who comes in: a user by password, somebody who was invited, or whoever holds a token. */
export function Door() {
  const [way, setWay] = useState<Way>('password');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [provider, setProvider] = useState<string | null>(null);
  useEffect(() => {
    // A server that does not answer says so when somebody comes in.
    providerName().then(setProvider, () => undefined);
  }, []);
  const enter = async (event: Event) => {
    event.preventDefault();
    const given = new FormData(event.target as HTMLFormElement);
    setBusy(true);
    setError(null);
    try {
      await logIn(keyOf(way, (name) => wordOf(given, name)));
    } catch (cause) {
      setError(cause);
      setBusy(false);
    }
  };
  return html`<main class="door">
    <h1>Bridgehead</h1>
    ${
      provider === null
        ? null
        : html`<button class="main" onClick=${goToProvider}>Log in with ${provider}</button>
          <p class="note">or by what this server itself knows:</p>`
    }
    <div class="choice" role="group" aria-label="Come in by">
      ${ways.map(
        ([name, text]) =>
          html`<button key=${name} aria-pressed=${name === way} onClick=${() => setWay(name)}>${text}</button>`,
      )}
    </div>
    <form onSubmit=${enter} key=${way}>
      ${way === 'invitation' ? html`<${Field} name="invitation" label="Invitation" type="text" />` : null}
      ${way === 'token' ? html`<${Field} name="token" label="Token" type="password" />` : null}
      ${way === 'token' ? null : html`<${Field} name="user" label="User" type="text" complete="username" />`}
      ${way === 'password' ? html`<${Field} name="password" label="Password" type="password" complete="current-password" />` : null}
      ${
        way === 'invitation'
          ? html`<${Field} name="password" label="New password, 15 characters at the least"
        type="password" complete="new-password" />`
          : null
      }
      <button class="main" disabled=${isBusy}>Come in</button>
      ${
        way === 'token'
          ? html`<p class="note">A token of the API, or the one in the scheduler's data folder, file
            <code>admin.token</code>. It stays in this tab and is forgotten with it.</p>`
          : null
      }
    </form>
    ${error === null ? null : html`<${Failure} error=${error} />`}
  </main>`;
}

function keyOf(way: Way, given: (name: string) => string): Key {
  if (way === 'token') return { token: given('token') };
  const user = given('user') === '' ? {} : { user: given('user') };
  const password = given('password');
  return way === 'invitation'
    ? { ...user, password, invitation: given('invitation') }
    : { ...user, password };
}

function Field({
  name,
  label,
  type,
  complete = 'off',
}: {
  readonly name: string;
  readonly label: string;
  readonly type: 'text' | 'password';
  readonly complete?: string;
}) {
  return html`<label for=${name}>${label}</label>
    <input id=${name} name=${name} type=${type} autocomplete=${complete} required
      spellcheck=${false} autocapitalize="off" />`;
}
