// Certificates as the API takes and shows them; and as they travel to the hosts that need them.

import { z } from 'zod';
import { plainNamePattern } from '../haproxy/plain-name.ts';

/** A chain of ten with long names stays below; HAProxy's own limit is lower. */
const pemMax = 64 * 1024;
const certificatesMax = 1_000;

export const certificateName = z
  .string()
  .regex(plainNamePattern, 'no name of a certificate: letters, digits, . _ and -');

export const certificateRequest = z.object({
  /** PEM, the certificate of the service first. */
  chain: z.string().max(pemMax),
  /** PEM. Under a name that nothing else has: the audit log keeps some fields of requests. */
  privateKey: z.string().max(pemMax),
  /** Whose instances may use it; '' for everybody's. */
  owner: z.string().max(128).optional(),
});
export type CertificateRequest = z.infer<typeof certificateRequest>;

/** A certificate; its key is never in an answer. */
export const certificateView = z.object({
  name: z.string(),
  owner: z.string(),
  version: z.int(),
  /** DNS names and IP addresses. */
  names: z.array(z.string()),
  subject: z.string(),
  issuer: z.string(),
  /** Hexadecimal, as HAProxy shows it. */
  serial: z.string(),
  /** SHA-256, hexadecimal. */
  fingerprint: z.string(),
  key: z.string(),
  notBeforeMs: z.number(),
  notAfterMs: z.number(),
  addedBy: z.string(),
  addedMs: z.number(),
  /** Instances whose configuration names it. */
  usedBy: z.array(z.string()),
});
export type CertificateView = z.infer<typeof certificateView>;

/** How many secrets were sealed anew. */
export const rotateView = z.object({ secrets: z.int() });

/** All that the host needs, each with its key: what is not in it goes from the host. */
export const certificatesFrame = z.object({
  type: z.literal('certificates'),
  items: z
    .array(
      z.object({
        name: certificateName,
        /** Of two of one name the higher one is newer, whoever sent it. */
        version: z.int().min(1),
        /** Chain and key in PEM. */
        pem: z.string().max(pemMax),
      }),
    )
    .max(certificatesMax),
});
export type CertificatesFrame = z.infer<typeof certificatesFrame>;
