import { createHmac } from 'node:crypto';

/** What a witness and its host use between them. */
export interface PairKeys {
  /** 16 bytes. Seen by whoever can read the segment: it says whose grant it is, and grants nothing else. */
  readonly token: Buffer;
  /** 32 bytes, never sent. */
  readonly heartbeatKey: Buffer;
}

/**
 * Derived from the pair's secret (hex), in one way each (NIST SP 800-108's counter mode with one
 * block: HMAC with a label), so that the token on the wire tells nothing of the heartbeat's key.
 */
export function pairKeys(secret: string): PairKeys {
  const derive = (label: string) =>
    createHmac('sha256', Buffer.from(secret, 'hex')).update(`bridgehead ${label}`).digest();
  return { token: derive('probe token').subarray(0, 16), heartbeatKey: derive('heartbeat') };
}
