// The part of the API client that is about certificates and the keys of secrets.

import { z } from 'zod';
import {
  type CertificateRequest,
  type CertificateView,
  certificateView,
  rotateView,
} from '../protocol/certificate-views.ts';
import type { Requests } from './requests.ts';

export interface CertificateCalls {
  readonly certificates: () => Promise<readonly CertificateView[]>;
  readonly certificate: (name: string) => Promise<CertificateView>;
  readonly addCertificate: (name: string, input: CertificateRequest) => Promise<CertificateView>;
  readonly removeCertificate: (name: string) => Promise<void>;
  readonly rotateSecrets: () => Promise<{ readonly secrets: number }>;
}

/** Makes these functions of the client from its ways to ask. */
export function certificateCalls({ ask, whole }: Requests): CertificateCalls {
  return {
    certificates: () => whole('getCertificates', certificateView),
    certificate: (name) => ask('getCertificate', { path: { name } }, certificateView),
    addCertificate: (name, body) =>
      ask('postCertificate', { path: { name }, body }, certificateView),
    removeCertificate: async (name) => {
      await ask('postCertificateRemove', { path: { name } }, z.object({}));
    },
    rotateSecrets: () => ask('postSecretsRotate', {}, rotateView),
  };
}
