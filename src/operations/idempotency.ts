import { createHash } from 'node:crypto';
import { BridgeheadError } from '../domain/errors.ts';
import type { Transaction } from '../store/store.ts';

/** How long the answer to a request with an idempotency key is kept. */
const keepAnswersMs = 24 * 3_600_000;

/**
 * What was answered to the request of this key, null where it was never seen.
 *
 * @throws BridgeheadError IDEMPOTENCY_MISMATCH where the key came with another request
 */
export async function keptFor(tx: Transaction, key: string, fingerprint: string): Promise<unknown> {
  const kept = await tx.keptAnswer(key);
  if (kept === null) return null;
  if (kept.fingerprint === fingerprint) return kept.answer;
  throw new BridgeheadError(
    'IDEMPOTENCY_MISMATCH',
    `idempotency key ${key} was used for another request`,
    'Use a new key for each request, and the same one only to repeat it.',
  );
}

/** Keeps the answer to a request by its key. */
export async function keep(
  tx: Transaction,
  key: string,
  fingerprint: string,
  answer: unknown,
  atMs: number,
): Promise<void> {
  await tx.keepAnswer({ key, fingerprint, answer, atMs }, atMs - keepAnswersMs);
}

/** SHA-256 of what was asked, hexadecimal. */
export function fingerprintOf(asked: unknown): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}
