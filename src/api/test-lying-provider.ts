// For tests of logins: an identity provider whose answers are wrong in one way at a time.

import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';

/** What is not as it has to be in the next answer. */
export interface Lie {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly isSignedByOthers?: boolean;
  readonly algorithm?: string;
  readonly isWithoutToken?: boolean;
}

/** An identity provider that says of people whatever it is told to. */
export async function lyingProvider(
  clientId: string,
  listening: (server: Server) => Promise<URL>,
): Promise<{ issuer: URL; next: (change: Lie) => void }> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const others = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  let lie: Lie = {};
  const server = createServer((request, response) => {
    const { origin } = issuer;
    const answers: Readonly<Record<string, () => unknown>> = {
      '/.well-known/openid-configuration': () => ({
        ...{ issuer: origin, authorization_endpoint: `${origin}/auth` },
        ...{ token_endpoint: `${origin}/token`, jwks_uri: `${origin}/jwks` },
        ...{ response_types_supported: ['code'], subject_types_supported: ['public'] },
        id_token_signing_alg_values_supported: ['RS256'],
      }),
      '/jwks': () => ({
        keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256' }],
      }),
      '/token': () => ({ access_token: 'a', token_type: 'bearer', ...tokenOf() }),
    };
    const answer = answers[request.url ?? '']?.();
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  const issuer = await listening(server);
  const tokenOf = () => {
    if (lie.isWithoutToken === true) return {};
    const nowS = Math.floor(Date.now() / 1_000);
    const claims = {
      ...{ iss: issuer.origin, aud: clientId, sub: 'u-lie', iat: nowS, exp: nowS + 60 },
      ...{ preferred_username: 'liar', groups: ['root'], teams: ['*'], ...lie.claims },
    };
    const header = { alg: lie.algorithm ?? 'RS256', kid: 'k' };
    const body = [header, claims].map((one) =>
      Buffer.from(JSON.stringify(one)).toString('base64url'),
    );
    const key = lie.isSignedByOthers === true ? others : privateKey;
    const signature =
      lie.algorithm === 'none'
        ? Buffer.alloc(0)
        : sign('RSA-SHA256', Buffer.from(body.join('.')), key);
    return { id_token: [...body, signature.toString('base64url')].join('.') };
  };
  return {
    issuer,
    next: (change) => {
      lie = change;
    },
  };
}
