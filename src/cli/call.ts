// One call of the HTTP API: sent, sent again where that is safe, its answer checked.

import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError, type ErrorBody } from '../domain/errors.ts';
import { finding } from '../protocol/shapes.ts';
import type { Access } from './context.ts';
import { durationText } from './duration.ts';
import { type HttpAnswer, isNobodyThere, sendToFirst } from './http.ts';
import { printableValue } from './printable.ts';

const timeoutMs = 30_000;
/** Applying has HAProxy judge every configuration and waits for hosts to let go of addresses. */
export const applyTimeoutMs = 300_000;
/** A first start, which makes the database, was measured at 2.1 s on two cores. */
const startMaxMs = 10_000;
const startPollMs = 200;
/** Before each repetition of a request with a key; a scheduler that restarts is back within these. */
const repeatPausesMs = [1_000, 2_000, 4_000] as const;

// A newer server may answer with a code that is not known here; BridgeheadError.from takes that.
const failure = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    next: z.string(),
    findings: z.array(finding).optional(),
  }),
});

export interface CallOptions {
  readonly clock: Clock;
  /** Whether what may be sent twice waits for a server that does not listen yet. */
  readonly isWaiting: boolean;
  /** Whether a person will read what comes back, so that no control character may be in it. */
  readonly isShown: boolean;
  /** Tells the person, on a line of its own, why an answer takes its time. */
  readonly say: (line: string) => void;
}

export interface Wanted {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON; left out for none. */
  readonly body?: unknown;
  /** By which the server knows the request again, so that it may be sent twice. */
  readonly key?: string;
  /** From the connection to the last byte of the answer; 30 s unless given. */
  readonly timeoutMs?: number;
}

/** Sends a request and checks its answer. */
export type Call = <Answer>(schema: z.ZodType<Answer>, wanted: Wanted) => Promise<Answer>;

/**
 * Calls of the server that `access` names. A request with a key is sent up to three times more
 * where nobody knows whether it was heard, or where the server asks for that.
 *
 * @throws BridgeheadError from each call: what the server answered; SERVER_UNREACHABLE where there is
 * no server, or none that speaks this API
 */
export function createCall(access: Access, options: CallOptions): Call {
  const { clock, isWaiting, isShown, say } = options;
  const send = async ({ method, path, body, key, ...limits }: Wanted): Promise<HttpAnswer> => {
    const deadlineMs = clock.monotonicMs() + startMaxMs;
    const request = { method, path, body, key, timeoutMs: limits.timeoutMs ?? timeoutMs };
    for (;;) {
      try {
        return await sendToFirst(access, request);
      } catch (error) {
        const isSafe = method === 'GET' || key !== undefined;
        const isOver = !isSafe || clock.monotonicMs() >= deadlineMs;
        if (!isWaiting || isOver || !isNobodyThere(error)) throw error;
      }
      await clock.sleep(startPollMs);
    }
  };
  const once: Call = async (schema, wanted) => {
    const { method, path } = wanted;
    const { status, text } = await send(wanted);
    const value = isShown ? printableValue(jsonOf(text)) : jsonOf(text);
    if (status < 200 || status > 299) {
      const known = failure.safeParse(value);
      if (known.success) throw BridgeheadError.from(known.data.error as ErrorBody);
      throw notOurs(access, `it answered ${method} ${path} with HTTP ${status}`);
    }
    const answer = schema.safeParse(value);
    if (answer.success) return answer.data;
    const { path: at = [], message = '' } = answer.error.issues[0] ?? {};
    throw notOurs(
      access,
      `its answer to ${method} ${path} is not of the known form (${at.join('.') || 'answer'}: ${message})`,
    );
  };
  return async (schema, wanted) => {
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await once(schema, wanted);
      } catch (error) {
        const pauseMs = repeatPausesMs[repeats];
        const isLast = wanted.key === undefined || pauseMs === undefined;
        if (isLast || !(error instanceof BridgeheadError) || !isRepeatable(error, repeats))
          throw error;
        const which = `${repeats + 1} of ${repeatPausesMs.length}`;
        say(`${error.message}; sent again in ${durationText(pauseMs)} (${which}), under its key`);
        await clock.sleep(pauseMs);
      }
    }
  };
}

/**
 * Whether a request with a key is to be sent again after this error. A connection that is refused
 * is final the first time, when the address may be wrong; later it is a server that restarts.
 *
 * @param repeats how often it has been sent again already
 */
export function isRepeatable(error: BridgeheadError, repeats: number): boolean {
  if (error.code === 'DATABASE_UNAVAILABLE') return true;
  const code = causeOf(error);
  if (code === 'ETIMEDOUT' || code === 'ECONNRESET' || code === 'EPIPE') return true;
  return repeats > 0 && isNobodyThere(error);
}

function causeOf(error: unknown): string {
  const isOurs = error instanceof BridgeheadError && error.code === 'SERVER_UNREACHABLE';
  const cause = isOurs ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code ?? '';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notOurs(access: Access, why: string): BridgeheadError {
  return new BridgeheadError(
    'SERVER_UNREACHABLE',
    `${access.url} does not speak the API of this version: ${why}`,
    `Check the address (it came from ${access.from}) and that both sides are of one version: bridgehead --version`,
  );
}
