// What one connection may ask of the process that also keeps the fleet.

import type { ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { unreadAnswer } from './problem.ts';

/** A spec carries whole HAProxy configurations: sixteen MiB, and some for its JSON quoting. */
export const bodyBytesMax = 24 * 1024 * 1024;
const headerBytesMax = 16 * 1024;
/** Also the slowest that a body of full length may come: 0.4 MiB/s. */
const requestMaxMs = 60_000;
const headersMaxMs = 10_000;
const checkPeriodMs = 2_000;

export interface HttpLimits {
  readonly requestMs: number;
  readonly headersMs: number;
  /** How often connections are looked at for these. */
  readonly checkMs: number;
}

/** For every server of the API, of whatever kind of address. */
export function httpOptions({
  requestMs = requestMaxMs,
  headersMs = headersMaxMs,
  checkMs = checkPeriodMs,
}: Partial<HttpLimits> = {}) {
  return {
    maxHeaderSize: headerBytesMax,
    requestTimeout: requestMs,
    headersTimeout: headersMs,
    connectionsCheckingInterval: checkMs,
  } satisfies ServerOptions;
}

/** Answers what is no request, for `clientError` of a server. */
export function refuseUnread(error: Error, socket: Socket): void {
  if (socket.writable) socket.end(unreadAnswer((error as NodeJS.ErrnoException).code));
  else socket.destroy();
}
