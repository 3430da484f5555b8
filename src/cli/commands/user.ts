import type { UserView } from '../../protocol/access-views.ts';
import type { Grant } from '../access-calls.ts';
import { momentText } from '../duration.ts';
import { readPassword } from '../password.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import { ownersText } from './login.ts';

/** Lists the users. */
export async function listUsers(session: Session): Promise<void> {
  const users = await (await session.connect()).users();
  await session.print(users, () => usersTable(users));
}

/** Adds a user, and prints the invitation by which they choose a password. */
export async function addUser(session: Session, name: string, grant: Grant): Promise<void> {
  const invitation = await (await session.connect()).addUser(name, grant);
  await session.print(invitation, () => invitationText(invitation));
}

/** Changes what a user may, or whether they may anything. */
export async function changeUser(
  session: Session,
  name: string,
  change: Partial<Grant> & { readonly isDisabled?: boolean },
): Promise<void> {
  const user = await (await session.connect()).changeUser(name, change);
  await session.print(user, () => usersTable([user]));
}

/** A new invitation for a user; without a name, the caller's own new password. */
export async function setPassword(
  session: Session,
  name: string | undefined,
  files: { readonly old: string | undefined; readonly new: string | undefined },
): Promise<void> {
  const api = await session.connect();
  if (name !== undefined) {
    const invitation = await api.inviteUser(name);
    return session.print(invitation, () => invitationText(invitation));
  }
  const old = await readPassword(session.terminal, 'present password', files.old);
  const text = await api.changePassword(
    old,
    await readPassword(session.terminal, 'new password', files.new),
  );
  await session.print({ text }, () => text);
}

/** Removes a user with their tokens. */
export async function removeUser(session: Session, name: string): Promise<void> {
  const text = await (await session.connect()).removeUser(name);
  await session.print({ text }, () => text);
}

function usersTable(users: readonly UserView[]): string {
  if (users.length === 0) return 'no users';
  return tableText(
    ['NAME', 'ROLE', 'OWNERS', 'STATE', 'SINCE', 'BY'],
    users.map(({ name, role, owners, isDisabled, isInvited, createdMs, createdBy }) => [
      ...[name, role, ownersText(owners)],
      isDisabled ? 'disabled' : isInvited ? 'invited' : 'active',
      ...[momentText(createdMs), createdBy],
    ]),
  );
}

function invitationText(given: {
  readonly name: string;
  readonly invitation: string;
  readonly expiresMs: number;
}): string {
  return [
    given.invitation,
    '',
    `Good once, for ${given.name}, until ${momentText(given.expiresMs)}. They log in with it:`,
    `  bridgehead login --server URL --invitation ${given.invitation}`,
  ].join('\n');
}
