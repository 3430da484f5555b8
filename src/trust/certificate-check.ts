// Whether a certificate, its chain and its key can serve, before anything relies on it.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { BridgeheadError } from '../domain/errors.ts';

const chainMax = 10;
/**
 * Chain and key together, bytes. HAProxy takes a new certificate as one command of its runtime API,
 * which has to fit its buffer of 16 KiB (tune.bufsize).
 */
export const pemBytesMax = 15_000;
/** NIST SP 800-57 part 1, 5.6.1: 112 bits of security. */
const rsaBitsMin = 2_048;
const curves: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);
const weakHashes = /(?:^|[^a-z])(?:md5|sha-?1)(?:[^0-9]|$)/i;

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** What it is good for: DNS names and IP addresses. */
  readonly names: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal, upper case, as HAProxy shows it. */
  readonly serial: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
  /** Such as `RSA 2048` or `EC P-256`. */
  readonly key: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A chain and its key as they are kept, in PEM without anything between the blocks. */
export interface CheckedCertificate {
  readonly chain: string;
  readonly key: string;
  readonly facts: CertificateFacts;
}

/**
 * Checks the parts of a certificate against each other and against the time.
 *
 * @throws BridgeheadError CERTIFICATE_INVALID with the first thing that is wrong
 */
export function checkCertificate(
  name: string,
  chainPem: string,
  keyPem: string,
  nowMs: number,
): CheckedCertificate {
  const refuse = (why: string, next: string) =>
    new BridgeheadError('CERTIFICATE_INVALID', `certificate ${name}: ${why}`, next);
  const chain = readChain(chainPem);
  const [leaf] = chain;
  if (leaf === undefined) {
    const isDamaged = chainPem.includes('-----BEGIN CERTIFICATE-----');
    const why = isDamaged
      ? `it has a damaged certificate, something else beside them, or over ${chainMax} of them`
      : 'there is no certificate in it';
    throw refuse(
      `the chain cannot be read: ${why}`,
      'Give a file with PEM certificates, the one of the service first.',
    );
  }
  const key = readKey(keyPem);
  if (typeof key === 'string') {
    throw refuse(`the key cannot be read: ${key}`, 'Give the private key in PEM, unencrypted.');
  }
  const weakness = weaknessOf(key);
  if (weakness !== null) {
    throw refuse(weakness, `Use RSA of ${rsaBitsMin} bits or more, or ECDSA with P-256 or P-384.`);
  }
  if (!leaf.checkPrivateKey(key)) {
    const at = chain.findIndex((one) => one.checkPrivateKey(key));
    throw at < 0
      ? refuse(
          'the key is not that of the certificate',
          'Give the key that the certificate was made for.',
        )
      : refuse(
          `the chain is out of order: the key is that of number ${at + 1} in it`,
          'Put the certificate of the service first, then each one that signed the one before.',
        );
  }
  for (const [index, one] of chain.entries()) {
    const called = chain.length === 1 ? 'it' : `number ${index + 1} of its chain`;
    const fault = faultOf(one, chain[index + 1], nowMs);
    if (fault !== null) throw refuse(`${called} ${fault[0]}`, fault[1]);
  }
  const checked = {
    chain: chain.map((one) => one.toString().trim()).join('\n'),
    key: key.export({ type: 'pkcs8', format: 'pem' }).trim(),
  };
  const bytes = Buffer.byteLength(checked.chain) + Buffer.byteLength(checked.key);
  if (bytes > pemBytesMax) {
    throw refuse(
      `chain and key have ${bytes} bytes, and HAProxy takes ${pemBytesMax} at once`,
      'Leave out the root and what clients do not need, or use an ECDSA key.',
    );
  }
  return { ...checked, facts: { ...factsOf(leaf), key: kindOf(key) } };
}

/** What the first certificate of a chain that was checked says. */
export function readFacts(chainPem: string): CertificateFacts {
  const leaf = new X509Certificate(chainPem);
  return { ...factsOf(leaf), key: kindOf(leaf.publicKey) };
}

function factsOf(leaf: X509Certificate): Omit<CertificateFacts, 'key'> {
  return {
    names: namesOf(leaf.subjectAltName ?? ''),
    subject: oneLine(leaf.subject),
    issuer: oneLine(leaf.issuer),
    serial: leaf.serialNumber,
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
  };
}

// Anything but whole certificates makes it none: what is left out in silence is missed later.
function readChain(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.match(/-----BEGIN /g)?.length ?? 0;
  if (blocks.length !== begun || blocks.length > chainMax) return [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

function readKey(pem: string): KeyObject | string {
  if (/ENCRYPTED/.test(pem)) return 'it has a passphrase';
  try {
    return createPrivateKey(pem);
  } catch {
    // What OpenSSL says may quote the text.
    return 'it is no private key in PEM';
  }
}

function weaknessOf(key: KeyObject): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === 'rsa' || type === 'rsa-pss') {
    const bits = details.modulusLength ?? 0;
    return bits < rsaBitsMin ? `its RSA key of ${bits} bits is too short` : null;
  }
  if (type === 'ec' && curves.has(details.namedCurve ?? '')) return null;
  if (type === 'ed25519') return null;
  const curve = details.namedCurve === undefined ? '' : ` ${details.namedCurve}`;
  return `a key of the kind ${type ?? 'unknown'}${curve} is not taken`;
}

function kindOf(key: KeyObject): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === 'ec')
    return `EC ${curves.get(details.namedCurve ?? '') ?? details.namedCurve ?? ''}`;
  return type === 'ed25519' ? 'Ed25519' : `RSA ${details.modulusLength ?? 0}`;
}

/** What is wrong with one certificate of a chain, and what to do. */
function faultOf(
  one: X509Certificate,
  issuer: X509Certificate | undefined,
  nowMs: number,
): readonly [string, string] | null {
  const renew = 'Have it made anew by the authority that signs it.';
  if (one.validToDate.getTime() <= nowMs) {
    return [`has expired on ${one.validToDate.toISOString()}`, renew];
  }
  if (one.validFromDate.getTime() > nowMs) {
    const from = one.validFromDate.toISOString();
    return [
      `is not valid before ${from}`,
      'Wait until then, or look at the clock of the scheduler.',
    ];
  }
  const hash = one.signatureAlgorithm ?? '';
  const isSelfSigned = one.subject === one.issuer;
  if (weakHashes.test(hash) && !isSelfSigned) {
    return [`is signed with ${hash}, which clients refuse`, renew];
  }
  if (issuer !== undefined && !(one.checkIssued(issuer) && one.verify(issuer.publicKey))) {
    return [
      `was not signed by the next one, ${oneLine(issuer.subject)}, but by ${oneLine(one.issuer)}`,
      'Put the certificate of the service first, then each one that signed the one before.',
    ];
  }
  return null;
}

function namesOf(subjectAltName: string): readonly string[] {
  return [...subjectAltName.matchAll(/(?:DNS|IP Address):("[^"]*"|[^,]+)/g)].map(
    ([, name = '']) => name,
  );
}

function oneLine(distinguishedName: string): string {
  return distinguishedName.replaceAll('\n', ', ');
}
