// Errors as the API answers them: problem details, RFC 9457.

import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { BridgeheadError, type ErrorCode } from '../domain/errors.ts';
import type { Problem } from '../protocol/problem.ts';

const problemType = 'application/problem+json; charset=utf-8';

/**
 * @param status where it is not the one of the error's code
 */
export function problemOf(error: BridgeheadError, status = error.status): Problem {
  const { code, message, next, findings } = error;
  const body = error.body();
  return {
    ...{ type: `/docs/errors#${code}`, title: titleOf(code), status, detail: message },
    ...{ code, next, findings: findings.map((one) => ({ ...one })) },
    error: { ...body, findings: findings.map((one) => ({ ...one })) },
  };
}

/** Answers a request with its error. */
export function sendProblem(reply: FastifyReply, error: BridgeheadError): FastifyReply {
  return reply.status(error.status).type(problemType).send(problemOf(error));
}

/** The error that any failure of a request is: the caller's where the framework says so. */
export function errorOf(error: unknown): BridgeheadError {
  const fault = error as { readonly statusCode?: number; readonly message?: string };
  const { statusCode = 500 } = fault;
  if (error instanceof BridgeheadError || statusCode < 400 || statusCode > 499) {
    return BridgeheadError.wrap(error);
  }
  if (statusCode === 413) {
    return new BridgeheadError(
      'REQUEST_TOO_LARGE',
      'the body of the request is longer than 24 MiB',
      'Send less at once: a spec may be applied in parts.',
    );
  }
  return new BridgeheadError(
    'REQUEST_INVALID',
    `the request is not valid: ${fault.message ?? 'it cannot be read'}`,
    'Compare it with the description of the API: GET /openapi.json, or /docs in a browser.',
  );
}

/** All bytes of the answer to what is no request that Node's parser takes. */
export function unreadAnswer(code: string | undefined): string {
  const status = unread[code ?? ''] ?? 400;
  const error = new BridgeheadError(
    'REQUEST_INVALID',
    `the request cannot be read: ${STATUS_CODES[status] ?? ''}`,
    'Send one that HTTP/1.1 knows, with no more than 16 KiB of headers, within a minute.',
  );
  const body = JSON.stringify(problemOf(error, status));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

const unread: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** `ADDRESS_TAKEN` as "Address taken". */
function titleOf(code: ErrorCode): string {
  return code[0] + code.slice(1).toLowerCase().replaceAll('_', ' ');
}
