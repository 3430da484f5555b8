import type { SessionView } from '../../protocol/access-views.ts';
import { ownContextPath } from '../context.ts';
import { momentText } from '../duration.ts';
import { tokenIn, writeContext } from '../own-context.ts';
import { readPassword } from '../password.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';

export interface LoginInput {
  readonly user: string | undefined;
  readonly invitation: string | undefined;
  readonly passwordFile: string | undefined;
}

/** Logs in, and keeps the login in the person's context file. */
export async function login(session: Session, input: LoginInput): Promise<void> {
  const { terminal } = session;
  const { user, invitation, passwordFile } = input;
  const prompt = invitation === undefined ? `password of ${user}` : 'choose a password';
  const access = await session.access();
  const api = await session.connect();
  const password = await readPassword(terminal, prompt, passwordFile);
  const { token, ...view } = await api.login({ user, invitation, password });
  const path = ownContextPath(terminal.env);
  await writeContext(path, access, token);
  await session.print(view, () => `${whoText(view)}\n\nkept in ${path}`);
}

/** Ends the login, and forgets it. */
export async function logout(session: Session): Promise<void> {
  const { terminal } = session;
  const access = await session.access();
  const api = await session.connect();
  const text = await api.logout();
  const path = ownContextPath(terminal.env);
  if (access.token !== null && (await tokenIn(path)) === access.token) {
    await writeContext(path, access, null);
  }
  await session.print({ text }, () => text);
}

/** Says who one is. */
export async function whoami(session: Session): Promise<void> {
  const view = await (await session.connect()).whoami();
  await session.print(view, () => whoText(view));
}

const shownBy: Readonly<Record<SessionView['via'], string>> = {
  file: 'the file admin.token of the scheduler',
  token: 'a token of the API',
  login: 'a login',
};

function whoText({ name, role, owners, via, expiresMs }: SessionView): string {
  return recordText([
    ['Name', name],
    ['Role', role],
    ['Owners', ownersText(owners)],
    ['Shown by', shownBy[via]],
    ['Until', expiresMs === null ? 'for ever' : momentText(expiresMs)],
  ]);
}

/** Whose instances they see. */
export function ownersText(owners: readonly string[] | null): string {
  return owners === null ? 'all' : owners.join(', ');
}
