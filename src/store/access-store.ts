// What is kept of people and of what they show: users, invitations, logins, tokens of the API.

import type { Role } from '../domain/access.ts';

export interface User {
  readonly name: string;
  /** PHC string; null until they have chosen a password. */
  readonly password: string | null;
  readonly role: Role;
  /** Owners whose instances they see; null for all. */
  readonly owners: readonly string[] | null;
  readonly isDisabled: boolean;
  /** Issuer and subject by which an identity provider knows them; null for users by password. */
  readonly subject: string | null;
  readonly createdMs: number;
  readonly createdBy: string;
}

export interface Invitation {
  readonly id: string;
  /** SHA-256 of the secret, hexadecimal; so everywhere here. */
  readonly secretHash: string;
  /** Null for the first administrator. */
  readonly user: string | null;
  readonly expiresMs: number;
}

/** Somebody who has gone to the identity provider and is not back yet. */
export interface Journey {
  readonly id: string;
  readonly secretHash: string;
  /** Path of the page that they come back to. */
  readonly returnTo: string;
  readonly expiresMs: number;
}

export interface Login {
  readonly id: string;
  readonly secretHash: string;
  readonly user: string;
  /** Where it was made from. */
  readonly address: string;
  readonly createdMs: number;
  readonly seenMs: number;
  readonly expiresMs: number;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly secretHash: string;
  readonly role: Role;
  readonly owners: readonly string[] | null;
  readonly user: string | null;
  readonly createdMs: number;
  readonly createdBy: string;
  readonly expiresMs: number;
  /** To the minute; null where it never was. */
  readonly usedMs: number | null;
}

/** Every function rejects with BridgeheadError DATABASE_UNAVAILABLE. */
export interface AccessStore {
  /** By name, at most `limit`. */
  users(limit: number): Promise<readonly User[]>;
  user(name: string): Promise<User | null>;
  userOfSubject(subject: string): Promise<User | null>;
  /** @returns false where the name, or the subject, is taken */
  addUser(user: User): Promise<boolean>;
  /** Changes what is given, and ends their logins. @returns false where there is no such user */
  changeUser(
    name: string,
    change: Partial<Pick<User, 'password' | 'role' | 'owners' | 'isDisabled'>>,
  ): Promise<boolean>;
  /** With all that is theirs. @returns false where there is no such user */
  deleteUser(name: string): Promise<boolean>;

  /** In place of any before it for the same user. */
  putInvitation(invitation: Invitation): Promise<void>;
  /** Takes it out, so that it serves once. @returns null where there is none with that secret */
  takeInvitation(id: string, secretHash: string): Promise<Invitation | null>;

  /** Adds one; drops what has run out by `nowMs`, and the oldest over `most`. */
  addJourney(journey: Journey, nowMs: number, most: number): Promise<void>;
  /** Takes it out, so that it serves once. @returns null where there is none with that secret */
  takeJourney(id: string, secretHash: string): Promise<Journey | null>;

  /** Adds one; drops what has run out, and the user's oldest over `perUserMax`. */
  addLogin(login: Login, idleMs: number, perUserMax: number): Promise<void>;
  login(id: string): Promise<{ readonly login: Login; readonly user: User } | null>;
  touchLogin(id: string, atMs: number): Promise<void>;
  deleteLogin(id: string): Promise<void>;

  /** By name, at most `limit`; those of one user where one is given. */
  tokens(limit: number, user?: string): Promise<readonly ApiToken[]>;
  token(id: string): Promise<{ readonly token: ApiToken; readonly user: User | null } | null>;
  tokenNamed(name: string): Promise<ApiToken | null>;
  /** Adds one; drops those that ran out before `dropBeforeMs`. @returns false where it is taken */
  addToken(token: ApiToken, dropBeforeMs: number): Promise<boolean>;
  touchToken(id: string, atMs: number): Promise<void>;
  deleteToken(id: string): Promise<void>;
}
