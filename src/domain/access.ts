// Who asks, and what of the fleet is theirs.

/** From what may least to what may most; each may what those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whoever sent a request, as far as it was proven. */
export interface Principal {
  /** As it stands in operations and in the audit log: `admin`, a user's name, `token:NAME`. */
  readonly name: string;
  readonly role: Role;
  /** Owners whose instances they see and touch; null for all of the fleet. */
  readonly owners: readonly string[] | null;
  /** What proved it: the file in the data folder, a token of the API, a person who logged in. */
  readonly via: 'file' | 'token' | 'login' | 'nothing';
  /** The user behind it; null for the file, and for tokens that belong to none. */
  readonly user: string | null;
  /** Id of the token or login, so that it can be found again; null for the file. */
  readonly credential: string | null;
}

/** Who has shown nothing. */
export const nobody: Principal = Object.freeze({
  ...{ name: 'nobody', role: 'viewer', owners: Object.freeze([]), via: 'nothing' },
  ...{ user: null, credential: null },
});

/** True where `role` may all that `least` may. */
export function isAtLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}

/** True where what belongs to `owner` is theirs to see. */
export function isWithin(owners: readonly string[] | null, owner: string): boolean {
  return owners === null || owners.includes(owner);
}

/** True where whoever has `mine` may give `asked` to another: nobody gives more than they have. */
export function isPartOf(
  asked: Pick<Principal, 'role' | 'owners'>,
  mine: Pick<Principal, 'role' | 'owners'>,
): boolean {
  if (!isAtLeast(mine.role, asked.role)) return false;
  return (
    mine.owners === null ||
    (asked.owners !== null && asked.owners.every((one) => isWithin(mine.owners, one)))
  );
}
