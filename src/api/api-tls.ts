// The API over TLS: with a certificate of one's own, read again when its files change, or with one
// that the fleet's CA makes.

import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { isRenewalDue, issueServerCertificate, type KeyPair } from '../trust/authority.ts';

const lookPeriodMs = 5_000;

export interface ApiTlsParts {
  /** Chain and key of one's own; null for one that the fleet's CA makes. */
  readonly files: { readonly certificate: string; readonly key: string } | null;
  readonly authority: KeyPair;
  /** What the API is reached under, for a certificate of the fleet's CA. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly log: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

/** What the API's listeners prove themselves with. */
export class ApiTls {
  readonly #parts: ApiTlsParts;
  readonly #watchers = new Set<(pair: KeyPair) => void>();
  readonly #stop: () => void;
  #pair: KeyPair;
  #isLooking = false;

  private constructor(parts: ApiTlsParts, pair: KeyPair) {
    this.#parts = parts;
    this.#pair = pair;
    this.#stop = parts.clock.every(lookPeriodMs, () => void this.look());
  }

  /** @throws BridgeheadError PREREQUISITE_MISSING for files that cannot be used */
  static async open(parts: ApiTlsParts): Promise<ApiTls> {
    return new ApiTls(parts, await pairOf(parts));
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** Chain and key in PEM. */
  get pair(): KeyPair {
    return this.#pair;
  }

  /** SHA-256 of the certificate, hexadecimal: what a client may pin. */
  get fingerprint(): string {
    const { raw } = new X509Certificate(this.#pair.certificate);
    return createHash('sha256').update(raw).digest('hex');
  }

  /** Calls `take` with each new one. */
  watch(take: (pair: KeyPair) => void): void {
    this.#watchers.add(take);
  }

  /** Looks whether there is a new one. What cannot be used is said, and the one before serves on. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { files, clock, log } = this.#parts;
    try {
      const now = new Date(clock.wallMs());
      if (files === null && !isRenewalDue(this.#pair.certificate, now)) return;
      const pair = await pairOf(this.#parts);
      if (pair.certificate === this.#pair.certificate && pair.key === this.#pair.key) return;
      this.#pair = pair;
      for (const take of this.#watchers) take(pair);
      log("the API's certificate is a new one", { fingerprint: this.fingerprint });
    } catch (error) {
      log("the API's certificate cannot be renewed", { error: (error as Error).message });
    } finally {
      this.#isLooking = false;
    }
  }
}

/** Where a plain connection leaves the machine, nobody asks for a token. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Names for a certificate of listeners on `hosts`: of all interfaces for one that listens on all. */
export function namesFor(hosts: readonly string[], more: readonly string[]): readonly string[] {
  const isEverywhere = hosts.some((host) => host === '0.0.0.0' || host === '::');
  const own = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ address }) => !address.startsWith('fe80:')).map(({ address }) => address),
  );
  const named = hosts.filter((host) => host !== '0.0.0.0' && host !== '::');
  return [...new Set([...named, ...more, ...(isEverywhere ? own : [])])];
}

async function pairOf({ files, authority, names, clock }: ApiTlsParts): Promise<KeyPair> {
  if (files === null) {
    const made = await issueServerCertificate(authority, names, new Date(clock.wallMs()));
    // The CA goes along, so that a client can pin it.
    return { ...made, certificate: `${made.certificate}\n${authority.certificate}` };
  }
  try {
    const [certificate, key] = await Promise.all([
      readFile(files.certificate, 'utf8'),
      readFile(files.key, 'utf8'),
    ]);
    createSecureContext({ cert: certificate, key });
    return { certificate, key };
  } catch (cause) {
    throw new BridgeheadError(
      'PREREQUISITE_MISSING',
      `the API cannot use ${files.certificate} with ${files.key}: ${(cause as Error).message}`,
      'Give a chain and its key in PEM: --api-cert and --api-key. Leave both out to have one made.',
      { cause },
    );
  }
}
