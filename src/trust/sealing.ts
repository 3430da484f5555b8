// Secrets that are kept where others may read: sealed by AES-256-GCM (NIST SP 800-38D) together with
// the place that they belong to.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const version = 's1';
const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** 256 random bits, and the name that what was sealed with them carries. */
export interface SealingKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Where a sealed text belongs: it opens at no other place, and under no other version. */
export interface SealedPlace {
  readonly table: string;
  readonly name: string;
  readonly version: number;
}

export function newSealingKey(): SealingKey {
  return { id: `k${randomBytes(6).toString('hex')}`, bytes: randomBytes(keyBytes) };
}

/** The key as one word, for the key file or to be sealed itself. */
export function formatSealingKey({ id, bytes }: SealingKey): string {
  return `${id} ${bytes.toString('base64url')}`;
}

/** @returns null for anything but what {@link formatSealingKey} makes */
export function parseSealingKey(text: string): SealingKey | null {
  const [, id, encoded] = /^(k[0-9a-f]{12}) ([\w-]{43})$/.exec(text) ?? [];
  if (id === undefined || encoded === undefined) return null;
  return { id, bytes: Buffer.from(encoded, 'base64url') };
}

/** Seals a text: `s1.KEY.NONCE+TAG+CIPHERTEXT`, the last in base64url. */
export function seal(key: SealingKey, place: SealedPlace, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key.bytes, nonce, { authTagLength: tagBytes });
  cipher.setAAD(contextOf(key.id, place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const packed = Buffer.concat([nonce, cipher.getAuthTag(), body]);
  return `${version}.${key.id}.${packed.toString('base64url')}`;
}

/** Id of the key that opens it; null for what was not sealed. */
export function keyOfSealed(sealed: string): string | null {
  return /^s1\.(k[0-9a-f]{12})\.[\w-]+$/.exec(sealed)?.[1] ?? null;
}

/**
 * Opens what {@link seal} made.
 *
 * @returns null where it was changed, belongs to another place, or was sealed with another key
 */
export function unseal(key: SealingKey, place: SealedPlace, sealed: string): string | null {
  if (keyOfSealed(sealed) !== key.id) return null;
  const packed = Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
  if (packed.length < nonceBytes + tagBytes) return null;
  const nonce = packed.subarray(0, nonceBytes);
  const decipher = createDecipheriv(algorithm, key.bytes, nonce, { authTagLength: tagBytes });
  decipher.setAAD(contextOf(key.id, place));
  decipher.setAuthTag(packed.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    const body = decipher.update(packed.subarray(nonceBytes + tagBytes));
    return Buffer.concat([body, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

// As JSON, so that no two places are the same text.
function contextOf(keyId: string, { table, name, version: of }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([version, keyId, table, name, of]), 'utf8');
}
