import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { AccessStore } from '../store/access-store.ts';
import { newCredential, parseCredential } from '../trust/credential.ts';
import { hashSecret } from '../trust/token.ts';
import { type ClaimRules, type Identity, identityOf, refusedIdentity } from './claims.ts';
import type { AccessDesk, NewLogin } from './desk.ts';
import type { IdentityProvider } from './identity-provider.ts';

/** Who has gone to the provider has so long to come back. */
export const journeyLifeMs = 10 * 60_000;
/** How many may be there at once; the oldest are forgotten. */
const journeysMax = 10_000;

export interface ProviderDeskParts {
  readonly store: AccessStore;
  readonly clock: Clock;
  readonly desk: AccessDesk;
  readonly provider: Pick<IdentityProvider, 'begin' | 'finish'>;
  readonly rules: ClaimRules;
  /** What people know it by. */
  readonly name: string;
}

/** Logs people in whom an identity provider vouches for. Rejects with BridgeheadError. */
export class ProviderDesk {
  readonly #parts: ProviderDeskParts;

  constructor(parts: ProviderDeskParts) {
    this.#parts = parts;
  }

  /** What people know the provider by. */
  get name(): string {
    return this.#parts.name;
  }

  /**
   * Sends somebody to the provider.
   *
   * @param returnTo path of the page that they come back to
   * @returns where to go, and the word that their browser has to bring back
   * @throws BridgeheadError OIDC_UNREACHABLE
   */
  async begin(returnTo: string): Promise<{ readonly url: URL; readonly word: string }> {
    const { store, clock, provider } = this.#parts;
    const { word, ...made } = newCredential('bho');
    const url = await provider.begin(parseCredential(word)?.secret ?? '');
    const nowMs = clock.wallMs();
    const journey = { ...made, returnTo: localPath(returnTo), expiresMs: nowMs + journeyLifeMs };
    await store.addJourney(journey, nowMs, journeysMax);
    return { url, word };
  }

  /**
   * Takes somebody in who is back. A word serves once, whatever comes of it.
   *
   * @param word of their browser; null where it brings none
   * @throws BridgeheadError OIDC_REFUSED, OIDC_UNREACHABLE
   */
  async finish(
    word: string | null,
    query: string,
    address: string,
  ): Promise<NewLogin & { readonly returnTo: string; readonly subject: string }> {
    const { store, clock, provider, rules, desk } = this.#parts;
    const shown = parseCredential(word ?? '');
    const journey =
      shown?.kind === 'bho' ? await store.takeJourney(shown.id, hashSecret(shown.secret)) : null;
    if (shown === null || journey === null || journey.expiresMs <= clock.wallMs()) {
      throw refusedIdentity(
        'it was begun in another browser, under another address of this server, too long ago, or it is over',
      );
    }
    const identity = identityOf(await provider.finish(shown.secret, query), rules);
    const login = await desk.open(await this.#userOf(identity), address);
    return { ...login, returnTo: journey.returnTo, subject: identity.subject };
  }

  // What the provider says of a person today is what they may today.
  async #userOf(identity: Identity): Promise<string> {
    const { store, clock } = this.#parts;
    const { subject, name, role, owners } = identity;
    const from = { createdMs: clock.wallMs(), createdBy: 'identity provider' };
    const user = { name, role, owners, subject, ...from, password: null, isDisabled: false };
    // The same person may be coming in twice at once.
    const find = () => store.userOfSubject(subject);
    const known = (await find()) ?? ((await store.addUser(user)) ? user : await find());
    if (known === null) {
      throw refusedIdentity(`there is a user ${name} already who is somebody else`);
    }
    if (known.isDisabled) throw refusedIdentity(`user ${known.name} is disabled`);
    const isSame = known.role === role && String(known.owners) === String(owners);
    if (!isSame) await store.changeUser(known.name, { role, owners });
    return known.name;
  }
}

/** Only paths of this page: what a link brings along must not send people elsewhere. */
function localPath(text: string): string {
  const isLocal = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text) && text.length <= 500;
  return isLocal ? text : '/';
}

/** @throws BridgeheadError NOT_FOUND where people log in by password alone */
export function providerOf(desk: ProviderDesk | null): ProviderDesk {
  if (desk !== null) return desk;
  throw new BridgeheadError(
    'NOT_FOUND',
    'this server has no identity provider',
    'Log in by password: POST /v1/session. An administrator names a provider: server --oidc-issuer',
  );
}
