// Who is it that asks: users, their passwords and invitations, logins, tokens of the API.

import { isPartOf, type Principal, type Role, roles } from '../domain/access.ts';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { AccessStore, ApiToken, User } from '../store/access-store.ts';
import { csrfOf, newCredential, parseCredential } from '../trust/credential.ts';
import { hashPassword, isPassword } from '../trust/password.ts';
import { hashSecret, isSecret } from '../trust/token.ts';
import {
  badInvitation,
  badPassword,
  noSuchToken,
  noSuchUser,
  refusedLogin,
  taken,
  tooMany,
  unauthorized,
  withoutPassword,
} from './access-errors.ts';
import { Attempts } from './attempts.ts';
import { administrator, isUserName } from './names.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A login ends when nothing was asked for so long, and at the latest after so long. */
export const loginIdleMs = hourMs;
export const loginLifeMs = 12 * hourMs;
const loginsPerUserMax = 20;
/** The first administrator sits at the machine; others read their mail. */
const firstInvitationMs = hourMs;
const invitationMs = dayMs;
/** Tokens are still listed for so long after their end. */
const endedTokenMs = 30 * dayMs;
export const usersMax = 5_000;
export const tokensMax = 10_000;
/** Each hash takes 19 MiB and a thread of four: so many at once, so many more wait. */
const hashesMax = 2;
const waitingMax = 32;
/** NIST SP 800-63B-4 3.1.1.2: 15 where there is no second factor; the upper end is against abuse. */
const passwordMin = 15;
const passwordMax = 256;

export interface DeskParts {
  readonly store: AccessStore;
  readonly clock: Clock;
  /** True for the token in the scheduler's data folder. */
  readonly isAdmin: (token: string) => boolean;
}

/** A login that was just made. */
export interface NewLogin {
  readonly principal: Principal;
  /** Shown once: cookie or bearer token. */
  readonly word: string;
  readonly csrf: string;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** Who showed a credential, and what their page has to send along. */
export interface Shown {
  readonly principal: Principal;
  readonly csrf: string | null;
  readonly expiresMs: number | null;
}

type Grant = Pick<Principal, 'role' | 'owners'>;

/** Answers who somebody is, and keeps users and tokens. Rejects with BridgeheadError. */
export class AccessDesk {
  readonly #parts: DeskParts;
  readonly #attempts: Attempts;
  #hashing = 0;
  readonly #waiting: (() => void)[] = [];
  /** What the guesses at users that do not exist are held against, so that they take as long. */
  #decoy: Promise<string> | null = null;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#attempts = new Attempts(parts.clock);
  }

  /**
   * Who shows this word, as the store has them now: what was revoked a moment ago is no good.
   *
   * @throws BridgeheadError UNAUTHORIZED
   */
  async identify(word: string): Promise<Shown> {
    const { store, clock, isAdmin } = this.#parts;
    if (isAdmin(word)) {
      const principal = { name: administrator, role: 'admin', owners: null, via: 'file' } as const;
      return {
        ...{ principal: { ...principal, user: null, credential: null } },
        ...{ csrf: null, expiresMs: null },
      };
    }
    const shown = parseCredential(word);
    const nowMs = clock.wallMs();
    if (shown?.kind === 'bhs') {
      const found = await store.login(shown.id);
      if (found === null || !isSecret(shown.secret, found.login.secretHash)) throw unauthorized();
      const { login, user } = found;
      const isOver = login.expiresMs <= nowMs || login.seenMs + loginIdleMs <= nowMs;
      if (user.isDisabled || isOver) throw unauthorized('the login has ended');
      if (login.seenMs + minuteMs < nowMs) await store.touchLogin(login.id, nowMs);
      const principal = principalOf(user, login.id);
      return { principal, csrf: csrfOf(shown.secret), expiresMs: login.expiresMs };
    }
    if (shown?.kind === 'bha') {
      const found = await store.token(shown.id);
      if (found === null || !isSecret(shown.secret, found.token.secretHash)) throw unauthorized();
      const { token, user } = found;
      if (token.expiresMs <= nowMs) throw unauthorized(`token ${token.name} has run out`);
      if (user?.isDisabled === true) throw unauthorized(`user ${user.name} is disabled`);
      if ((token.usedMs ?? 0) + minuteMs < nowMs) await store.touchToken(token.id, nowMs);
      const grant = user === null ? token : narrower(token, user);
      const principal = {
        ...{ name: `token:${token.name}`, role: grant.role, owners: grant.owners },
        ...({ via: 'token', user: token.user, credential: token.id } as const),
      };
      return { principal, csrf: null, expiresMs: token.expiresMs };
    }
    throw unauthorized();
  }

  /**
   * Logs a user in by their password.
   *
   * @throws BridgeheadError LOGIN_REFUSED, TOO_MANY_ATTEMPTS
   */
  async login(name: string, password: string, address: string): Promise<NewLogin> {
    const waitMs = this.#attempts.waitMs(name, address);
    if (waitMs > 0) throw tooMany(waitMs);
    this.#attempts.count(name, address);
    const user = await this.#parts.store.user(name);
    this.#decoy ??= hashPassword('the password of nobody at all');
    const stored = user?.password ?? (await this.#decoy);
    const isRight = await this.#oneOfFew(() => isPassword(password, stored));
    if (user === null || user.password === null || user.isDisabled || !isRight)
      throw refusedLogin();
    this.#attempts.succeeded(name, address);
    return this.#newLogin(user, address);
  }

  /**
   * Takes an invitation: sets the user's password and logs them in. The first administrator
   * chooses the name, all others have theirs.
   *
   * @throws BridgeheadError INVITATION_REFUSED, PASSWORD_WEAK, REQUEST_INVALID, TOO_MANY_ATTEMPTS
   */
  async accept(
    invitation: string,
    name: string | null,
    password: string,
    address: string,
  ): Promise<NewLogin> {
    const { store, clock } = this.#parts;
    const shown = parseCredential(invitation.trim());
    if (shown?.kind !== 'bhi') throw badInvitation();
    checkPassword(password, name);
    if (name !== null) checkName(name);
    const hash = await this.#oneOfFew(() => hashPassword(password));
    const found = await store.takeInvitation(shown.id, hashSecret(shown.secret));
    const nowMs = clock.wallMs();
    if (found === null || found.expiresMs <= nowMs) throw badInvitation();
    if (found.user === null) {
      if (name === null || (await store.users(1)).length > 0) throw badInvitation();
      const user = userOf(name, { role: 'admin', owners: null }, nowMs, 'invitation', hash);
      if (!(await store.addUser(user))) throw badInvitation();
      return this.#newLogin(user, address);
    }
    await store.changeUser(found.user, { password: hash });
    const user = await store.user(found.user);
    if (user === null || user.isDisabled) throw badInvitation();
    return this.#newLogin(user, address);
  }

  /** Logs a user in who has been proven otherwise. @throws BridgeheadError NOT_FOUND */
  async open(name: string, address: string): Promise<NewLogin> {
    const user = await this.#parts.store.user(name);
    if (user === null) throw noSuchUser(name);
    return this.#newLogin(user, address);
  }

  /** Ends a login. */
  async logout({ via, credential }: Principal): Promise<void> {
    if (via === 'login' && credential !== null) await this.#parts.store.deleteLogin(credential);
  }

  /**
   * A user's own new password; ends all their logins.
   *
   * @throws BridgeheadError LOGIN_REFUSED for a wrong old one, PASSWORD_WEAK, TOO_MANY_ATTEMPTS
   */
  async changePassword(
    { user: name, via }: Principal,
    old: string,
    password: string,
    address: string,
  ): Promise<void> {
    if (name === null || via !== 'login') throw noSuchUser('who logged in');
    checkPassword(password, name);
    const waitMs = this.#attempts.waitMs(name, address);
    if (waitMs > 0) throw tooMany(waitMs);
    this.#attempts.count(name, address);
    const stored = (await this.#parts.store.user(name))?.password ?? '';
    if (!(await this.#oneOfFew(() => isPassword(old, stored)))) throw refusedLogin();
    this.#attempts.succeeded(name, address);
    const hash = await this.#oneOfFew(() => hashPassword(password));
    await this.#parts.store.changeUser(name, { password: hash });
  }

  /** The word by which the first administrator comes in; null where there are users already. */
  async inviteFirst(): Promise<{ readonly word: string; readonly expiresMs: number } | null> {
    if ((await this.#parts.store.users(1)).length > 0) return null;
    return this.#invite(null, firstInvitationMs);
  }

  users(): Promise<readonly User[]> {
    return this.#parts.store.users(usersMax);
  }

  /** Adds a user without a password. @returns the invitation by which they choose one */
  async addUser(
    name: string,
    grant: Grant,
    who: string,
  ): Promise<{ word: string; expiresMs: number }> {
    checkName(name);
    const user = userOf(name, grant, this.#parts.clock.wallMs(), who, null);
    if (!(await this.#parts.store.addUser(user))) throw taken('user', name);
    return this.#invite(name, invitationMs);
  }

  /**
   * A new invitation; the present password is good until it is taken.
   *
   * @throws BridgeheadError NOT_FOUND; REQUEST_INVALID for whom the identity provider vouches for
   */
  async inviteAgain(name: string): Promise<{ word: string; expiresMs: number }> {
    const user = await this.#parts.store.user(name);
    if (user === null) throw noSuchUser(name);
    if (user.subject !== null) throw withoutPassword(name);
    return this.#invite(name, invitationMs);
  }

  async changeUser(
    name: string,
    change: Partial<Pick<User, 'role' | 'owners' | 'isDisabled'>>,
  ): Promise<User> {
    await this.#parts.store.changeUser(name, change);
    const user = await this.#parts.store.user(name);
    if (user === null) throw noSuchUser(name);
    return user;
  }

  async removeUser(name: string): Promise<void> {
    if (!(await this.#parts.store.deleteUser(name))) throw noSuchUser(name);
  }

  /** Their own tokens; an administrator of the whole fleet sees all. */
  tokens(principal: Principal): Promise<readonly ApiToken[]> {
    const { store } = this.#parts;
    if (seesAll(principal)) return store.tokens(tokensMax);
    return principal.user === null ? Promise.resolve([]) : store.tokens(tokensMax, principal.user);
  }

  /**
   * Makes a token that may do no more than who makes it. A token does not make tokens: what leaks
   * must not live on under another name.
   *
   * @throws BridgeheadError FORBIDDEN, IN_USE, REQUEST_INVALID
   */
  async addToken(
    principal: Principal,
    name: string,
    grant: Grant & { readonly lifeMs: number },
  ): Promise<{ readonly word: string; readonly token: ApiToken }> {
    const { store, clock } = this.#parts;
    checkName(name);
    if (principal.via === 'token') throw moreThanOwn('a token does not make tokens');
    if (!isPartOf(grant, principal)) throw moreThanOwn('a token may do no more than who makes it');
    const { word, ...made } = newCredential('bha');
    const createdMs = clock.wallMs();
    const token: ApiToken = {
      ...{ ...made, name, role: grant.role, owners: grant.owners, user: principal.user },
      ...{
        createdMs,
        createdBy: principal.name,
        expiresMs: createdMs + grant.lifeMs,
        usedMs: null,
      },
    };
    if (!(await store.addToken(token, createdMs - endedTokenMs))) throw taken('token', name);
    return { word, token };
  }

  /** From then on it is no good. @throws BridgeheadError NOT_FOUND, also for somebody else's */
  async revokeToken(principal: Principal, name: string): Promise<void> {
    const { store } = this.#parts;
    const token = await store.tokenNamed(name);
    const isTheirs = token !== null && (seesAll(principal) || token.user === principal.user);
    if (!isTheirs) throw noSuchToken(name);
    await store.deleteToken(token.id);
  }

  async #invite(user: string | null, lifeMs: number): Promise<{ word: string; expiresMs: number }> {
    const { word, ...made } = newCredential('bhi');
    const expiresMs = this.#parts.clock.wallMs() + lifeMs;
    await this.#parts.store.putInvitation({ ...made, user, expiresMs });
    return { word, expiresMs };
  }

  async #newLogin(user: User, address: string): Promise<NewLogin> {
    const { store, clock } = this.#parts;
    const { word, ...made } = newCredential('bhs');
    const createdMs = clock.wallMs();
    const expiresMs = createdMs + loginLifeMs;
    await store.addLogin(
      { ...made, user: user.name, address, createdMs, seenMs: createdMs, expiresMs },
      loginIdleMs,
      loginsPerUserMax,
    );
    const csrf = csrfOf(parseCredential(word)?.secret ?? '');
    return { principal: principalOf(user, made.id), word, csrf, createdMs, expiresMs };
  }

  async #oneOfFew<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#hashing >= hashesMax) {
      if (this.#waiting.length >= waitingMax) throw tooMany(1_000);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#hashing += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#hashing -= 1;
      else next();
    }
  }
}

function seesAll({ role, owners }: Principal): boolean {
  return role === 'admin' && owners === null;
}

function principalOf({ name, role, owners }: User, credential: string): Principal {
  return { name, role, owners, via: 'login', user: name, credential };
}

function userOf(
  name: string,
  { role, owners }: Grant,
  createdMs: number,
  createdBy: string,
  password: string | null,
): User {
  return { name, role, owners, createdMs, createdBy, password, isDisabled: false, subject: null };
}

/** What a token may, where its user may less by now than when it was made. */
function narrower(token: Grant, user: Grant): Grant {
  const role = roles[Math.min(roles.indexOf(token.role), roles.indexOf(user.role))] as Role;
  if (user.owners === null) return { role, owners: token.owners };
  const mine = user.owners;
  return { role, owners: token.owners?.filter((one) => mine.includes(one)) ?? mine };
}

function checkName(name: string): void {
  if (isUserName(name)) return;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    name === administrator
      ? `${administrator} is the name of who shows the file admin.token`
      : `${JSON.stringify(name)} is no name`,
    'Take 1 to 63 of a-z, 0-9, dot, hyphen and underscore, a letter or digit first.',
  );
}

function checkPassword(password: string, name: string | null): void {
  const { length } = Array.from(password);
  if (length < passwordMin) throw badPassword(`it has fewer than ${passwordMin} characters`);
  if (length > passwordMax) throw badPassword(`it has over ${passwordMax} characters`);
  const isName =
    name !== null && password.toLowerCase().replaceAll(name, '').length < passwordMin / 2;
  if (isName || new Set(password).size < 5) throw badPassword('it is easily guessed');
}

function moreThanOwn(why: string): BridgeheadError {
  return new BridgeheadError(
    'FORBIDDEN',
    why,
    'Ask an administrator for the token, or give it a smaller --role or --owner.',
  );
}
