/** Who shows the file in the data folder; no user can have the name. */
export const administrator = 'admin';

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Whether a user or a token can have this name. */
export function isUserName(name: string): boolean {
  return namePattern.test(name) && name !== administrator;
}
