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

export function certificateCalls({
  get,
  post,
  whole,
}: Pick<Requests, 'get' | 'post' | 'whole'>): CertificateCalls {
  const pathOf = (name: string) => `/v1/certificates/${encodeURIComponent(name)}`;
  return {
    certificates: () => whole('/v1/certificates', certificateView),
    certificate: (name) => get(pathOf(name), certificateView),
    addCertificate: (name, input) => post(pathOf(name), certificateView, input),
    removeCertificate: async (name) => {
      await post(`${pathOf(name)}/remove`, z.object({}));
    },
    rotateSecrets: () => post('/v1/secrets/rotate', rotateView),
  };
}
