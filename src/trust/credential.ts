// What people and programs show to the API: one word that names a row and proves that it is theirs.

import { createHash, randomBytes } from 'node:crypto';
import { hashSecret, newSecret } from './token.ts';

/**
 * `bha`: a token of the API, `bhs`: a login, `bhi`: an invitation, `bho`: a login by an identity provider
 * that is under way. By these, scanners find them.
 */
export type CredentialKind = 'bha' | 'bhs' | 'bhi' | 'bho';

export interface Credential {
  readonly kind: CredentialKind;
  readonly id: string;
  /** 256 random bits, base64url. */
  readonly secret: string;
}

/** A new one with the word that is shown once and the hash that is kept. */
export function newCredential(kind: CredentialKind): {
  readonly id: string;
  readonly secretHash: string;
  readonly word: string;
} {
  const id = randomBytes(9).toString('base64url');
  const secret = newSecret();
  return { id, secretHash: hashSecret(secret), word: `${kind}.${id}.${secret}` };
}

/** Reads such a word; null for any other text. */
export function parseCredential(text: string): Credential | null {
  const match = /^(bha|bhs|bhi|bho)\.([\w-]{12})\.([\w-]{43})$/.exec(text);
  const [, kind, id, secret] = match ?? [];
  if (kind === undefined || id === undefined || secret === undefined) return null;
  return { kind: kind as CredentialKind, id, secret };
}

/**
 * What a page has to send along with a login's cookie for a change, to show that it could read an
 * answer. It follows from the login's secret and does not tell it.
 */
export function csrfOf(secret: string): string {
  return createHash('sha256').update(`csrf ${secret}`).digest('base64url');
}
