/** A PEM file as HAProxy has it, with certificate, chain and key in one, taken apart. */
export interface PemParts {
  /** All but the key and parameters: what is damaged or foreign in it is still there to be refused. */
  readonly chain: string;
  /** Its private key, the first one; empty where there is none. */
  readonly key: string;
}

// RFC 7468, section 3. Lines of an encrypted key may have dashes in them (RFC 1421).
const privateKey = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----\n?/;
/** EC and DH parameters stand beside a key and say nothing that it does not. */
const parameters = /-----BEGIN ([A-Z0-9 ]+ PARAMETERS)-----[^-]*-----END \1-----\n?/g;

/** Takes a PEM file apart. */
export function pemParts(text: string): PemParts {
  const key = privateKey.exec(text)?.[0] ?? '';
  return { chain: text.replace(key, '').replaceAll(parameters, ''), key };
}
