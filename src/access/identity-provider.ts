// OpenID Connect with one identity provider: authorization code flow with PKCE (RFC 7636), state and
// nonce. The protocol itself is openid-client's (docs/decisions/0039).

import { createHmac } from 'node:crypto';
import * as oidc from 'openid-client';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { type Claims, refusedIdentity } from './claims.ts';

const timeoutS = 10;
/** A provider's description is read anew after this; one that could not be read, not before that. */
const freshMs = 3_600_000;
const againMs = 5_000;

export interface ProviderOptions {
  readonly issuer: URL;
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: string | null;
  readonly scopes: string;
  /** Where the provider sends people back to. */
  readonly callback: URL;
}

/** Who vouches for people, as far as a login needs them. */
export class IdentityProvider {
  readonly #options: ProviderOptions;
  readonly #clock: Clock;
  #known: { readonly at: Promise<oidc.Configuration>; readonly untilMs: number } | null = null;

  constructor(options: ProviderOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Where to send a person. All that has to be the same when they are back follows from `secret`.
   *
   * @throws BridgeheadError OIDC_UNREACHABLE
   */
  async begin(secret: string): Promise<URL> {
    const { scopes, callback } = this.#options;
    return oidc.buildAuthorizationUrl(await this.#configuration(), {
      redirect_uri: callback.href,
      scope: scopes,
      state: part(secret, 'state'),
      nonce: part(secret, 'nonce'),
      code_challenge: await oidc.calculatePKCECodeChallenge(part(secret, 'verifier')),
      code_challenge_method: 'S256',
    });
  }

  /**
   * What the provider says of the person who is back.
   *
   * @param query of the address that they were sent back to
   * @throws BridgeheadError OIDC_REFUSED where anything in it is not as it has to be, OIDC_UNREACHABLE
   */
  async finish(secret: string, query: string): Promise<Claims> {
    const configuration = await this.#configuration();
    const here = new URL(this.#options.callback);
    here.search = query;
    try {
      const answer = await oidc.authorizationCodeGrant(configuration, here, {
        pkceCodeVerifier: part(secret, 'verifier'),
        expectedState: part(secret, 'state'),
        expectedNonce: part(secret, 'nonce'),
        idTokenExpected: true,
      });
      const claims = answer.claims();
      if (claims === undefined) throw refusedIdentity('the provider sends no ID token');
      // Many providers keep groups out of the ID token.
      if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
      const more = await oidc.fetchUserInfo(configuration, answer.access_token, claims.sub);
      return { ...more, ...claims };
    } catch (error) {
      if (error instanceof BridgeheadError) throw error;
      throw isOutOfReach(error) ? this.#unreachable(error) : refusedIdentity(reasonOf(error));
    }
  }

  #configuration(): Promise<oidc.Configuration> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#known !== null && nowMs < this.#known.untilMs) return this.#known.at;
    const at = this.#discover();
    this.#known = { at, untilMs: nowMs + freshMs };
    at.catch(() => {
      this.#known = { at, untilMs: this.#clock.monotonicMs() + againMs };
    });
    return at;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    try {
      return await oidc.discovery(
        issuer,
        clientId,
        {},
        clientSecret === null ? oidc.None() : oidc.ClientSecretBasic(clientSecret),
        {
          timeout: timeoutS,
          execute: [
            // Else TLS alone would vouch for what the token endpoint says.
            oidc.enableNonRepudiationChecks,
            // Only for one on this machine: the options let no other be named without TLS.
            ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
          ],
        },
      );
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(cause: unknown): BridgeheadError {
    const { href } = this.#options.issuer;
    return new BridgeheadError(
      'OIDC_UNREACHABLE',
      `the identity provider ${href} does not answer as one: ${reasonOf(cause)}`,
      `Log in by password, or with a token, meanwhile. See that ${href} is right and reached from the scheduler's host.`,
      { cause },
    );
  }
}

/** One secret of a login makes three that say nothing of each other. 43 characters, base64url. */
function part(secret: string, what: 'state' | 'nonce' | 'verifier'): string {
  return createHmac('sha256', secret).update(what).digest('base64url');
}

function isOutOfReach(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return name === 'TypeError' || name === 'TimeoutError' || code === 'OAUTH_TIMEOUT';
}

// What goes wrong inside is a cause of a cause; what a provider says of an error comes from the wire.
function reasonOf(error: unknown): string {
  const {
    message,
    error_description: said,
    cause,
  } = error as {
    readonly message?: string;
    readonly error_description?: string;
    readonly cause?: unknown;
  };
  const inner = cause instanceof Error ? ` (${cause.message})` : '';
  return `${said ?? message ?? String(error)}${inner}`.slice(0, 300);
}
