import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  BasicConstraintsExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import {
  agentCertificateLifeMs,
  createAuthority,
  hostOfCertificate,
  isRenewalDue,
  issueServerCertificate,
  newAgentRequest,
  signAgentRequest,
} from './authority.ts';

const now = new Date('2026-03-01T12:00:00Z');
const host = 'host-1' as HostName;
const clientAuth = '1.3.6.1.5.5.7.3.2';
const serverAuth = '1.3.6.1.5.5.7.3.1';
const authority = await createAuthority(now);
const ca = new X509Certificate(authority.certificate);

async function agentCertificate(): Promise<X509Certificate> {
  const { csr } = await newAgentRequest();
  return new X509Certificate(await signAgentRequest(authority, csr, host, now));
}

test('the authority is a CA of ten years that signs itself, its key P-256 in PKCS#8', () => {
  assert.equal(ca.ca, true);
  assert.ok(ca.verify(ca.publicKey));
  assert.equal(ca.validToDate.getTime() - now.getTime(), 3_650 * 86_400_000);
  const key = createPrivateKey(authority.key);
  assert.match(authority.key, /^-----BEGIN PRIVATE KEY-----/);
  assert.equal(key.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.ok(ca.checkPrivateKey(key));
});

test('a server certificate is good for each of its names and for no other', async () => {
  const names = ['scheduler.example', '192.0.2.7', '2001:db8::7', '1234'];
  const { certificate, key } = await issueServerCertificate(authority, names, now);
  const leaf = new X509Certificate(certificate);
  assert.ok(leaf.checkIssued(ca) && leaf.verify(ca.publicKey) && !leaf.ca);
  assert.ok(leaf.checkPrivateKey(createPrivateKey(key)));
  assert.equal(leaf.checkHost('scheduler.example'), 'scheduler.example');
  assert.equal(leaf.checkHost('1234'), '1234');
  assert.equal(leaf.checkIP('192.0.2.7'), '192.0.2.7');
  assert.equal(leaf.checkIP('2001:db8::7'), '2001:db8::7');
  assert.equal(leaf.checkHost('other.example'), undefined);
  assert.equal(leaf.checkIP('192.0.2.8'), undefined);
  assert.deepEqual(leaf.keyUsage, [serverAuth]);
});

test('an agent certificate names its host, serves clients only and begins a little back', async () => {
  const leaf = await agentCertificate();
  assert.ok(leaf.checkIssued(ca) && leaf.verify(ca.publicKey) && !leaf.ca);
  assert.equal(leaf.subjectAltName, 'URI:spiffe://bridgehead/host/host-1');
  assert.deepEqual(leaf.keyUsage, [clientAuth]);
  assert.equal(now.getTime() - leaf.validFromDate.getTime(), 5 * 60_000);
  assert.equal(leaf.validToDate.getTime() - now.getTime(), agentCertificateLifeMs);
  assert.equal(hostOfCertificate(leaf.raw), host);
});

test('what a request says of itself does not count', async () => {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const csr = await Pkcs10CertificateRequestGenerator.create(
    {
      name: 'CN=host-2',
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new SubjectAlternativeNameExtension([
          { type: 'url', value: 'spiffe://bridgehead/host/host-2' },
        ]),
      ],
    },
    webcrypto,
  );
  const pem = await signAgentRequest(authority, csr.toString('pem'), host, now);
  const leaf = new X509Certificate(pem);
  assert.equal(leaf.subject, 'CN=host-1');
  assert.equal(leaf.ca, false);
  assert.equal(leaf.subjectAltName, 'URI:spiffe://bridgehead/host/host-1');
  assert.equal(hostOfCertificate(leaf.raw), host);
});

test('serial numbers differ and fit into 128 bits', async () => {
  const serials = await Promise.all(
    Array.from({ length: 50 }, async () => (await agentCertificate()).serialNumber),
  );
  assert.equal(new Set(serials).size, serials.length);
  for (const serial of serials) assert.ok(BigInt(`0x${serial}`) < 2n ** 128n);
});

test('a request with another signature, or none, is refused', async () => {
  const { csr } = await newAgentRequest();
  const der = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
  for (const text of [forged, '', 'nonsense', authority.certificate]) {
    await assert.rejects(
      signAgentRequest(authority, text, host, now),
      (error) => error instanceof BridgeheadError && error.code === 'JOIN_REFUSED',
    );
  }
});

test('a certificate of no host, and what is no certificate, speaks for nobody', async () => {
  const server = await issueServerCertificate(authority, ['host-1'], now);
  assert.equal(hostOfCertificate(new X509Certificate(server.certificate).raw), null);
  assert.equal(hostOfCertificate(ca.raw), null);
  assert.equal(hostOfCertificate(Buffer.from('nonsense')), null);
  assert.equal(hostOfCertificate(new Uint8Array()), null);
});

test('renewal is due once two thirds of the life are gone', async () => {
  const leaf = await agentCertificate();
  const startMs = leaf.validFromDate.getTime();
  const dueMs = startMs + ((leaf.validToDate.getTime() - startMs) * 2) / 3;
  assert.equal(isRenewalDue(leaf.toString(), new Date(dueMs)), false);
  assert.equal(isRenewalDue(leaf.toString(), new Date(dueMs + 1_000)), true);
});
