// For tests: authorities and certificates of any kind and time.

import 'reflect-metadata';
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const dayMs = 86_400_000;

export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

interface Wish {
  readonly name: string;
  readonly issuer?: TestCertificate & { readonly name: string };
  readonly isCa?: boolean;
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly rsaBits?: number;
  readonly serial?: string;
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate by `issuer`, or by itself. */
export async function testCertificate(wish: Wish): Promise<TestCertificate & { name: string }> {
  const { name, issuer, isCa = false, rsaBits, serial = '01' } = wish;
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: rsaBits ?? 0,
  };
  const algorithm = rsaBits === undefined ? ecdsa : rsa;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const own = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
  )
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trim()}\n-----END PRIVATE KEY-----\n`;
  const signingKey = issuer === undefined ? keys.privateKey : await signerOf(issuer.key);
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create(
    {
      subject: `CN=${name}`,
      issuer: `CN=${issuer?.name ?? name}`,
      serialNumber: serial,
      notBefore: new Date(wish.fromMs ?? now - dayMs),
      notAfter: new Date(wish.untilMs ?? now + 90 * dayMs),
      signingAlgorithm: issuer === undefined ? algorithm : ecdsa,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(isCa, undefined, true),
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: name },
          { type: 'ip', value: '192.0.2.1' },
        ]),
      ],
    },
    webcrypto,
  );
  return { name, certificate: certificate.toString('pem'), key: own };
}

async function signerOf(pem: string): Promise<CryptoKey> {
  const key: KeyObject = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), ecdsa, false, ['sign']);
}
