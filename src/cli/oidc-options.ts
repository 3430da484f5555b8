// `server --oidc-…`: the identity provider by which people come in.

import type { Command } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import type { Given } from './verb.ts';

/** What `bridgehead server` is told of an identity provider. */
export interface OidcOptions {
  readonly issuer: URL;
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecretFile: string | null;
  /** Of this server, as browsers know it. */
  readonly publicUrl: URL;
  readonly name: string;
  readonly scopes: string;
  readonly roleClaim: string;
  readonly roleValues: {
    readonly viewer: readonly string[];
    readonly operator: readonly string[];
    readonly admin: readonly string[];
  };
  readonly ownersClaim: string | null;
  readonly nameClaim: string;
}

const several = (value: string, before: readonly string[] | undefined) => [
  ...(before ?? []),
  value,
];

/** Adds the options to `server`. */
export function withOidcOptions(server: Command): Command {
  return server
    .option(
      '--public-url <url>',
      'of the API and the page, as browsers know them; for --oidc-issuer',
    )
    .option('--oidc-issuer <url>', 'identity provider (OpenID Connect) by which people log in')
    .option('--oidc-client-id <id>', 'what this server is called there')
    .option('--oidc-client-secret-file <path>', 'file with its secret (default: a public client)')
    .option('--oidc-name <name>', 'what people call the provider (default: its host)')
    .option('--oidc-scopes <scopes>', 'what is asked for', 'openid profile email')
    .option('--oidc-role-claim <claim>', 'claim that says what a person may', 'groups')
    .option('--oidc-viewer <value>', 'value of it that makes a viewer; repeatable', several)
    .option('--oidc-operator <value>', 'value of it that makes an operator; repeatable', several)
    .option('--oidc-admin <value>', 'value of it that makes an admin; repeatable', several)
    .option(
      '--oidc-owners-claim <claim>',
      'claim with the owners whose instances a person sees, * for all (default: all see all)',
    )
    .option('--oidc-name-claim <claim>', "claim with the user's name", 'preferred_username');
}

/**
 * The identity provider; null where none is named.
 *
 * @throws BridgeheadError REQUEST_INVALID for options that do not go together
 */
export function oidcOptionsOf(given: Given): OidcOptions | null {
  const issuer = given.text('oidcIssuer');
  if (issuer === undefined) return null;
  const clientId = given.text('oidcClientId');
  if (clientId === undefined) throw invalid('--oidc-issuer needs --oidc-client-id');
  const publicUrl = given.text('publicUrl');
  if (publicUrl === undefined) throw invalid('--oidc-issuer needs --public-url');
  const roleValues = {
    viewer: given.texts('oidcViewer'),
    operator: given.texts('oidcOperator'),
    admin: given.texts('oidcAdmin'),
  };
  if (Object.values(roleValues).flat().length === 0) {
    throw invalid('nobody could come in: no --oidc-viewer, --oidc-operator or --oidc-admin');
  }
  const url = urlOf('--oidc-issuer', issuer);
  return {
    ...{ issuer: url, clientId, roleValues, publicUrl: urlOf('--public-url', publicUrl) },
    clientSecretFile: given.text('oidcClientSecretFile') ?? null,
    name: given.text('oidcName') ?? url.host,
    scopes: given.text('oidcScopes') ?? '',
    roleClaim: given.text('oidcRoleClaim') ?? '',
    ownersClaim: given.text('oidcOwnersClaim') ?? null,
    nameClaim: given.text('oidcNameClaim') ?? '',
  };
}

// A name of this machine goes nowhere: what is sent to it in the clear is heard by nobody else.
function urlOf(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url;
  throw invalid(`${option} ${text} is no https:// address`);
}

function invalid(what: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    what,
    'See bridgehead server --help, and docs/access.md, "By an identity provider".',
  );
}
