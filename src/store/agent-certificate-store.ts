// Which certificates of agents were given out, and which were taken back.

import type { HostName } from '../domain/ids.ts';

export interface AgentCertificate {
  /** Hexadecimal, upper case. */
  readonly serial: string;
  readonly host: HostName;
}

/** Every function rejects with BridgeheadError DATABASE_UNAVAILABLE. */
export interface AgentCertificateStore {
  /**
   * Records one before it is given out; drops those that have run out.
   *
   * @param renews serial of the one that it takes the place of; null for a host that joins
   * @returns false where that one was taken back: then the new one must not be given out
   */
  add(
    certificate: AgentCertificate & { readonly expiresMs: number },
    renews: string | null,
    nowMs: number,
  ): Promise<boolean>;
  /** Takes back all of the host, also those that nobody has recorded, and its join tokens. */
  revoke(host: HostName): Promise<void>;
  /** Those of these that were taken back. */
  revokedOf(certificates: readonly AgentCertificate[]): Promise<readonly AgentCertificate[]>;
}
