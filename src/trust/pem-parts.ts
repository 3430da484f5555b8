/** What a PEM file holds of a certificate; each empty where there is none. */
export interface PemParts {
  /** Its certificates, in their order. */
  readonly chain: string;
  /** Its private key, the first one. */
  readonly key: string;
}

// RFC 7468, section 3; EC and DH parameters stand beside a key and say nothing that it does not.
const block = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** Takes a PEM file apart, such as HAProxy's, which has certificate, chain and key in one. */
export function pemParts(text: string): PemParts {
  const blocks = [...text.matchAll(block)].map(([whole, label = '']) => ({ whole, label }));
  const lines = (wanted: typeof blocks) => wanted.map(({ whole }) => `${whole}\n`).join('');
  return {
    chain: lines(blocks.filter(({ label }) => label.endsWith('CERTIFICATE'))),
    key: lines(blocks.filter(({ label }) => label.endsWith('PRIVATE KEY')).slice(0, 1)),
  };
}
