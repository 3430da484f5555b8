import { X509Certificate } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { type HostName, namePattern } from '../domain/ids.ts';
import { findHost } from '../operations/find-host.ts';
import type { AgentCertificate, AgentCertificateStore } from '../store/agent-certificate-store.ts';
import type { Store } from '../store/store.ts';
import {
  createAuthority,
  fingerprintOf,
  type KeyPair,
  signAgentRequest,
} from '../trust/authority.ts';
import { formatTicket, hashSecret, isSecret, newTicket } from '../trust/token.ts';
import { type Admission, takenBack } from './agent-listener.ts';

const certificateSetting = 'authority.certificate';
const keySecret = 'authority.key';

/** What is kept of the fleet and of its agents' certificates. */
export type MembershipStore = Store & { readonly agentCertificates: AgentCertificateStore };

/** Who belongs to the fleet: the authority that all schedulers share, and its one-time tokens. */
export class Membership {
  readonly authority: KeyPair;
  readonly #store: MembershipStore;
  readonly #clock: Clock;

  private constructor(authority: KeyPair, store: MembershipStore, clock: Clock) {
    this.authority = authority;
    this.#store = store;
    this.#clock = clock;
  }

  /** Reads the fleet's authority from the store; the first scheduler ever makes it. */
  static async open(store: MembershipStore, clock: Clock): Promise<Membership> {
    const fresh = await createAuthority(new Date(clock.wallMs()));
    const authority = await store.transact(async (tx) => {
      const certificate = await tx.setting(certificateSetting);
      const key = await tx.secret(keySecret);
      if (certificate !== null && key !== null) return { certificate, key };
      await tx.putSetting(certificateSetting, fresh.certificate);
      await tx.putSecret(keySecret, fresh.key);
      return fresh;
    });
    return new Membership(authority, store, clock);
  }

  /** Makes a token by which the agent of `host` may join once, within `ttlS` seconds. */
  async newToken(
    host: string,
    ttlS: number,
    who: string,
  ): Promise<{ readonly token: string; readonly expiresMs: number }> {
    if (!namePattern.test(host)) throw refused(`"${host}" is not a name for a host`);
    const ticket = newTicket(fingerprintOf(this.authority.certificate));
    const atMs = this.#clock.wallMs();
    const expiresMs = atMs + ttlS * 1_000;
    await this.#store.transact(async (tx) => {
      const secretHash = hashSecret(ticket.secret);
      await tx.putJoinToken({ id: ticket.id, host: host as HostName, secretHash, expiresMs });
      const message = `join token made by ${who}, good for ${ttlS} s`;
      await tx.addEvent({ atMs, kind: 'host.invited', object: `host/${host}`, message });
    });
    return { token: formatTicket(ticket), expiresMs };
  }

  /**
   * Lets a host in for its token, and makes its record where the spec has not.
   *
   * @throws BridgeheadError JOIN_REFUSED
   */
  async admit(id: string, secret: string, csr: string): Promise<Admission> {
    const atMs = this.#clock.wallMs();
    const host = await this.#store.transact(async (tx) => {
      // Taken out first and for good: a token serves once, also when it is too late for it.
      const token = await tx.takeJoinToken(id);
      if (token === null || !isSecret(secret, token.secretHash)) return null;
      if (token.expiresMs < atMs) return null;
      const { hosts } = await tx.fleet();
      if (!hosts.some(({ name }) => name === token.host)) {
        const { host: name } = token;
        await tx.putHost({ name, zone: 'default', rack: 'default', labels: {}, capacity: null });
      }
      const message = 'joined the fleet';
      await tx.addEvent({ atMs, kind: 'host.joined', object: `host/${token.host}`, message });
      return token.host;
    });
    if (host === null) throw refused('the join token is not known, was used, or has run out');
    return this.#certify(host, csr, null);
  }

  /** A new certificate for a host that has shown its old one. @throws BridgeheadError NOT_FOUND */
  async renew({ host, serial }: AgentCertificate, csr: string): Promise<Admission> {
    const { hosts } = await this.#store.transact((tx) => tx.fleet());
    if (!hosts.some(({ name }) => name === host)) {
      throw new BridgeheadError(
        'NOT_FOUND',
        `host ${host} is not in the fleet any more`,
        'Let it join again: bridgehead token create --host NAME',
      );
    }
    return this.#certify(host, csr, serial);
  }

  /**
   * Takes back all certificates of a host, and its join tokens. It may join again by a new one.
   *
   * @throws BridgeheadError NOT_FOUND
   */
  async revoke(host: HostName, reason: string, who: string): Promise<void> {
    const { hosts } = await this.#store.transact((tx) => tx.fleet());
    findHost(hosts, host);
    await this.#store.agentCertificates.revoke(host);
    const atMs = this.#clock.wallMs();
    const message = `certificates taken back by ${who}: ${reason}`;
    await this.#store.transact((tx) =>
      tx.addEvent({ atMs, kind: 'host.revoked', object: `host/${host}`, message }),
    );
  }

  /** @param renews serial of the certificate that the host has shown; null where it joins */
  async #certify(host: HostName, csr: string, renews: string | null): Promise<Admission> {
    const now = new Date(this.#clock.wallMs());
    const certificate = await signAgentRequest(this.authority, csr, host, now);
    const { serialNumber: serial, validToDate } = new X509Certificate(certificate);
    const known = { serial, host, expiresMs: validToDate.getTime() };
    const { agentCertificates } = this.#store;
    if (!(await agentCertificates.add(known, renews, now.getTime()))) throw takenBack(host);
    return { certificate, ca: this.authority.certificate, host };
  }
}

function refused(why: string): BridgeheadError {
  return new BridgeheadError(
    'JOIN_REFUSED',
    why,
    'Make a new token and start the agent with it: bridgehead token create --host NAME',
  );
}
