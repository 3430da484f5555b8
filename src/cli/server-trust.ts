// Whom the command believes to be the server: whoever an authority vouches for, or one certificate.

import { createHash } from 'node:crypto';
import { type ConnectionOptions, connect, type DetailedPeerCertificate } from 'node:tls';

/** What was given to know the server by. */
export interface ServerTrust {
  /** Authorities in PEM, in place of all others; null for Node's own. */
  readonly ca: string | null;
  /** SHA-256 of the server's certificate, or of one that vouches for it: hexadecimal, lower case. */
  readonly fingerprint: string | null;
}

/** A fingerprint as it is compared, from what people write; null for what is none. */
export function fingerprintFrom(text: string): string | null {
  const plain = text
    .trim()
    .replace(/^sha256[:=]/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(plain) ? plain : null;
}

/**
 * How to connect to a server so that only the one that is meant is spoken to.
 *
 * @throws Error with the code PINNED where it shows another certificate than the pinned one, or of
 * the connection
 */
export async function trusting(
  { ca, fingerprint }: ServerTrust,
  target: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<ConnectionOptions> {
  if (fingerprint === null) return ca === null ? {} : { ca };
  const chain = await chainOf(target, signal);
  const at = chain.findIndex((one) => sha256(one) === fingerprint);
  const pinned = chain[at];
  if (pinned === undefined) {
    const shown = chain.map(sha256).join(', ') || 'nothing';
    const message = `its certificate is not the pinned one: it shows ${shown}`;
    throw Object.assign(new Error(message), { code: 'PINNED' });
  }
  const pem = `-----BEGIN CERTIFICATE-----\n${pinned.toString('base64')}\n-----END CERTIFICATE-----`;
  // The second connection proves that it has the key. A pinned certificate is the server whatever it
  // is called; under a pinned authority there may be others.
  const byName = at === 0 ? { checkServerIdentity: () => undefined } : {};
  return { ca: pem, allowPartialTrustChain: true, ...byName };
}

/** What the server shows, its own certificate first, believed by nobody yet. */
function chainOf(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false });
    const stop = () => socket.destroy(new Error('no answer in time'));
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', reject);
    socket.once('close', () => signal.removeEventListener('abort', stop));
    socket.once('secureConnect', () => {
      const chain: Buffer[] = [];
      let one: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
      while (one?.raw !== undefined && !chain.some((known) => known.equals(one?.raw ?? known))) {
        chain.push(one.raw);
        one = one.issuerCertificate;
      }
      resolve(chain);
      socket.destroy();
    });
  });
}

function sha256(certificate: Buffer): string {
  return createHash('sha256').update(certificate).digest('hex');
}
