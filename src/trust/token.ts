// Secrets that are shown once and stored as hashes: join tokens of hosts, tokens of the API.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { BridgeheadError } from '../domain/errors.ts';

const version = 'bh1';
const secretBytes = 32;

/** What an agent needs to join: who it may ask, with what, and whom to believe. */
export interface JoinTicket {
  readonly id: string;
  readonly secret: string;
  /** SHA-256 of the fleet CA's certificate, base64url. */
  readonly caFingerprint: string;
}

/** A new ticket for the fleet whose CA has that fingerprint. */
export function newTicket(caFingerprint: string): JoinTicket {
  return { id: randomBytes(9).toString('base64url'), secret: newSecret(), caFingerprint };
}

/** The ticket as one word. */
export function formatTicket({ id, secret, caFingerprint }: JoinTicket): string {
  return `${version}.${id}.${secret}.${caFingerprint}`;
}

/** @throws BridgeheadError JOIN_REFUSED for anything but the word that {@link formatTicket} makes */
export function parseTicket(text: string): JoinTicket {
  const match = /^bh1\.([\w-]{12})\.([\w-]{43})\.([\w-]{43})$/.exec(text.trim());
  const [, id, secret, caFingerprint] = match ?? [];
  if (id !== undefined && secret !== undefined && caFingerprint !== undefined) {
    return { id, secret, caFingerprint };
  }
  throw new BridgeheadError(
    'JOIN_REFUSED',
    'this is not a join token: it has to begin with bh1. and have four parts',
    'Make a new one: bridgehead token create --host NAME',
  );
}

/** 256 random bits, base64url. */
export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url');
}

/** SHA-256, hexadecimal. Enough for secrets of 256 random bits, which nobody can guess. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** True where the secret has that hash; takes the same time for every wrong one. */
export function isSecret(secret: string, hash: string): boolean {
  const [a, b] = [Buffer.from(hashSecret(secret), 'hex'), Buffer.from(hash, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}
