// What an identity provider says of a person, and what of it counts here. Pure.

import { type Role, roles } from '../domain/access.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { isUserName } from './names.ts';

/** Which claims count (OpenID Connect Core 5.1), and what their values stand for. */
export interface ClaimRules {
  /** Claim whose value, or values, say what a person may, such as `groups`. */
  readonly roleClaim: string;
  /** Values of it for each role; of several the one that may most counts. */
  readonly roleValues: Readonly<Record<Role, readonly string[]>>;
  /** Claim whose values are the owners whose instances a person sees; null where everybody sees all. */
  readonly ownersClaim: string | null;
  readonly nameClaim: string;
}

export type Claims = Readonly<Record<string, unknown>>;

/** A person as the identity provider vouches for them. */
export interface Identity {
  /** Issuer and subject: what stays the same when everything else about a person changes. */
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  /** Null for all owners. */
  readonly owners: readonly string[] | null;
}

const ownersMax = 100;
const ownerCharactersMax = 200;
/** Stands for all owners. */
const everybodys = '*';

/**
 * Who logs in, and what they may.
 *
 * @throws BridgeheadError OIDC_REFUSED for whoever has no role, no owners or no usable name
 */
export function identityOf(claims: Claims, rules: ClaimRules): Identity {
  const { iss, sub } = claims;
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '') {
    throw refusedIdentity('the identity provider names no subject');
  }
  const name = nameOf(claims, rules.nameClaim);
  const values = valuesOf(claims[rules.roleClaim]);
  const role = roles.findLast((one) => rules.roleValues[one].some((word) => values.includes(word)));
  if (role === undefined) {
    const why = `the claim ${rules.roleClaim} of ${name} has no value that stands for a role here`;
    throw refusedIdentity(why);
  }
  return {
    subject: `${iss} ${sub}`,
    name,
    role,
    owners: ownersOf(claims, rules.ownersClaim, name),
  };
}

function nameOf(claims: Claims, claim: string): string {
  const [said = ''] = valuesOf(claims[claim]);
  const name = said.toLowerCase().replace(/@.*/, '');
  if (isUserName(name)) return name;
  throw refusedIdentity(
    said === ''
      ? `the identity provider sends no claim ${claim}`
      : `${JSON.stringify(said.slice(0, 100))}, the claim ${claim}, is no name of a user here`,
  );
}

function ownersOf(claims: Claims, claim: string | null, name: string): readonly string[] | null {
  if (claim === null) return null;
  const owners = valuesOf(claims[claim]);
  if (owners.includes(everybodys)) return null;
  const usable = owners.filter(({ length }) => length > 0 && length <= ownerCharactersMax);
  if (usable.length > 0 && usable.length <= ownersMax) return [...new Set(usable)];
  throw refusedIdentity(`the claim ${claim} of ${name} names no owners, or over ${ownersMax}`);
}

/** A claim of one value is as good as a list of one. */
function valuesOf(claim: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.filter((one) => typeof one === 'string');
}

/** The identity provider's word is not enough, or not good. */
export function refusedIdentity(why: string): BridgeheadError {
  return new BridgeheadError(
    'OIDC_REFUSED',
    `the login by the identity provider is refused: ${why}`,
    'Begin again from the page; where it stays so, an administrator sees the reason in the audit log.',
  );
}
