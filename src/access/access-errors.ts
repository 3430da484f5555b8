import { BridgeheadError } from '../domain/errors.ts';

/** The same for a wrong name, a wrong password and a disabled user: a guess learns nothing. */
export function refusedLogin(): BridgeheadError {
  return new BridgeheadError(
    'LOGIN_REFUSED',
    'there is no user of that name with that password, or they are disabled',
    'Try again; an administrator gives you a new invitation: bridgehead user passwd NAME',
  );
}

export function tooMany(waitMs: number): BridgeheadError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new BridgeheadError(
    'TOO_MANY_ATTEMPTS',
    'too many logins were tried for this user or from this address',
    `Try again in ${seconds} s.`,
  );
}

export function badInvitation(): BridgeheadError {
  return new BridgeheadError(
    'INVITATION_REFUSED',
    'the invitation is not known, was used, or has run out',
    'An administrator makes a new one: bridgehead user passwd NAME. Where there is no user yet, start the server anew.',
  );
}

export function badPassword(why: string): BridgeheadError {
  return new BridgeheadError(
    'PASSWORD_WEAK',
    `the password is not taken: ${why}`,
    'Choose another one of 15 characters or more, such as four words that have nothing in common.',
  );
}

export function unauthorized(why = 'the token is not one of this scheduler'): BridgeheadError {
  return new BridgeheadError(
    'UNAUTHORIZED',
    why,
    'Log in (bridgehead login), or give a token: --token-file, or BRIDGEHEAD_TOKEN.',
  );
}

export function forbidden(what: string, why: string): BridgeheadError {
  return new BridgeheadError(
    'FORBIDDEN',
    `${what}: ${why}`,
    'See who you are here: bridgehead whoami. An administrator can change it: bridgehead user set NAME',
  );
}

export function noSuchUser(name: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `user ${name} does not exist`,
    'See which there are: bridgehead user list',
  );
}

export function withoutPassword(name: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `user ${name} comes in by the identity provider and has no password here`,
    'Change what they may at the provider, or shut them out: bridgehead user disable NAME',
  );
}

export function noSuchToken(name: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `token ${name} does not exist`,
    'See which there are: bridgehead token list',
  );
}

export function taken(kind: 'user' | 'token', name: string): BridgeheadError {
  return new BridgeheadError(
    'IN_USE',
    `there is a ${kind} ${name} already`,
    `Take another name, or see which there are: bridgehead ${kind} list`,
  );
}
