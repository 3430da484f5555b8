// The fleet's own certificate authority. It signs two kinds of certificates: the scheduler's, by
// the names it is reached under, and the agents', each for the one host it may speak for.

import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { BridgeheadError } from '../domain/errors.ts';
import { type HostName, namePattern } from '../domain/ids.ts';

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
const authorityLifeMs = 3_650 * dayMs;
/** Certificates begin a little in the past, for hosts whose clocks are a little behind. */
const clockSkewMs = 5 * 60_000;
/** Extended key usages (RFC 5280 4.2.1.12). */
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';
const spiffePrefix = 'spiffe://bridgehead/host/';

/** How long an agent's certificate lasts; it is renewed after two thirds of it. */
export const agentCertificateLifeMs = 30 * dayMs;
/** The scheduler makes itself a new one at each start. */
export const serverCertificateLifeMs = 398 * dayMs;

/** Certificate and key (PKCS#8) in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a new authority: ECDSA P-256, ten years. */
export async function createAuthority(now: Date): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=Bridgehead fleet CA',
      serialNumber: newSerial(),
      notBefore: new Date(now.getTime() - clockSkewMs),
      notAfter: new Date(now.getTime() + authorityLifeMs),
      signingAlgorithm: signing,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/**
 * A certificate for the scheduler's listener.
 *
 * @param names host names and IP addresses that agents reach it under
 */
export async function issueServerCertificate(
  authority: KeyPair,
  names: readonly string[],
  now: Date,
): Promise<KeyPair> {
  const keys = await newKeys();
  const alternatives = names.map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  const certificate = await sign(authority, {
    subject: 'CN=Bridgehead scheduler',
    publicKey: keys.publicKey,
    usage: serverAuth,
    alternatives,
    now,
    lifeMs: serverCertificateLifeMs,
  });
  return { certificate, key: await exportKey(keys.privateKey) };
}

/** A new key for an agent and the request to have it signed. */
export async function newAgentRequest(): Promise<{ readonly key: string; readonly csr: string }> {
  const keys = await newKeys();
  const csr = await Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=Bridgehead agent', keys, signingAlgorithm: signing },
    webcrypto,
  );
  return { key: await exportKey(keys.privateKey), csr: csr.toString('pem') };
}

/**
 * Signs an agent's request for `host`. Of the request only the key counts, and that its sender
 * holds it; what it says of itself does not.
 *
 * @returns the certificate in PEM
 * @throws BridgeheadError JOIN_REFUSED for a request that is not one or is not signed by its key
 */
export async function signAgentRequest(
  authority: KeyPair,
  csrPem: string,
  host: HostName,
  now: Date,
): Promise<string> {
  let csr: Pkcs10CertificateRequest;
  try {
    csr = new Pkcs10CertificateRequest(csrPem);
    if (!(await csr.verify(webcrypto))) throw new Error('wrong signature');
  } catch (cause) {
    throw new BridgeheadError(
      'JOIN_REFUSED',
      `the certificate request for host ${host} cannot be taken: ${(cause as Error).message}`,
      'Update the agent to the version of the scheduler and let it join again.',
      { cause },
    );
  }
  return sign(authority, {
    subject: `CN=${host}`,
    publicKey: csr.publicKey,
    usage: clientAuth,
    alternatives: [{ type: 'url', value: `${spiffePrefix}${host}` }],
    now,
    lifeMs: agentCertificateLifeMs,
  });
}

/**
 * The host that a certificate speaks for. Only for chains that TLS has verified.
 *
 * @returns null for a certificate that cannot be read, or that has not exactly one URI and that one
 * ours: an identity has one name (SPIFFE X.509-SVID, section 2)
 */
export function hostOfCertificate(der: Uint8Array): HostName | null {
  const [uri, ...others] = urisOf(der);
  if (uri === undefined || others.length > 0 || !uri.startsWith(spiffePrefix)) return null;
  const name = uri.slice(spiffePrefix.length);
  return namePattern.test(name) ? (name as HostName) : null;
}

function urisOf(der: Uint8Array): readonly string[] {
  try {
    const certificate = new X509Certificate(new Uint8Array(der));
    const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
    return names.filter(({ type }) => type === 'url').map(({ value }) => value);
  } catch {
    return [];
  }
}

/** SHA-256 of a certificate, base64url: what a join token pins. */
export function fingerprintOf(certificatePem: string): string {
  const der = PemConverter.decodeFirst(certificatePem);
  return createHash('sha256').update(new Uint8Array(der)).digest('base64url');
}

/** True once two thirds of the certificate's life are gone. */
export function isRenewalDue(certificatePem: string, now: Date): boolean {
  const { notBefore, notAfter } = new X509Certificate(certificatePem);
  const lifeMs = notAfter.getTime() - notBefore.getTime();
  return now.getTime() > notBefore.getTime() + (lifeMs * 2) / 3;
}

interface Wish {
  readonly subject: string;
  readonly publicKey: CryptoKey | Pkcs10CertificateRequest['publicKey'];
  readonly usage: string;
  readonly alternatives: readonly {
    readonly type: 'dns' | 'ip' | 'url';
    readonly value: string;
  }[];
  readonly now: Date;
  readonly lifeMs: number;
}

async function sign(authority: KeyPair, wish: Wish): Promise<string> {
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authority.key),
    keyAlgorithm,
    false,
    ['sign'],
  );
  const certificate = await X509CertificateGenerator.create(
    {
      subject: wish.subject,
      issuer: issuer.subject,
      serialNumber: newSerial(),
      notBefore: new Date(wish.now.getTime() - clockSkewMs),
      notAfter: new Date(wish.now.getTime() + wish.lifeMs),
      signingAlgorithm: signing,
      publicKey: wish.publicKey as CryptoKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([wish.usage]),
        new SubjectAlternativeNameExtension([...wish.alternatives]),
      ],
    },
    webcrypto,
  );
  return certificate.toString('pem');
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

async function exportKey(key: CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

// 128 random bits with the top one clear, so that the number is positive (RFC 5280 4.1.2.2).
function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return Buffer.from(bytes).toString('hex');
}
