// Every error that a person can meet is a row here and a paragraph in docs/errors.md.
// Codes are never reused. `status` is the HTTP status, `exit` the exit code of the CLI.

const rows = {
  ADDRESS_CONFLICT: { status: 409, exit: 4 },
  ADDRESS_LOCAL: { status: 409, exit: 4 },
  ADDRESS_OUTSIDE_POOL: { status: 422, exit: 2 },
  ADDRESS_TAKEN: { status: 409, exit: 4 },
  AGENT_DISCONNECTED: { status: 503, exit: 5 },
  AGENT_TIMEOUT: { status: 504, exit: 5 },
  ALREADY_THERE: { status: 409, exit: 4 },
  ATTACHMENT_MISSING: { status: 503, exit: 5 },
  AUDIT_BROKEN: { status: 500, exit: 1 },
  BUSY: { status: 409, exit: 4 },
  CANCELLED: { status: 409, exit: 4 },
  CERTIFICATE_INVALID: { status: 422, exit: 2 },
  CERTIFICATE_MISSING: { status: 409, exit: 4 },
  CONFIG_REFUSED: { status: 422, exit: 2 },
  CONFIG_SAME: { status: 409, exit: 4 },
  CROSS_SITE: { status: 403, exit: 4 },
  DATABASE_UNAVAILABLE: { status: 503, exit: 5 },
  ENGINE_DOWN: { status: 503, exit: 5 },
  EPOCH_STALE: { status: 409, exit: 4 },
  FORBIDDEN: { status: 403, exit: 4 },
  HOST_ALIVE: { status: 409, exit: 4 },
  HOST_CORDONED: { status: 409, exit: 4 },
  HOST_NOT_READY: { status: 409, exit: 4 },
  IDEMPOTENCY_MISMATCH: { status: 422, exit: 2 },
  IMAGE_MISSING: { status: 409, exit: 4 },
  IN_USE: { status: 409, exit: 4 },
  INCIDENT_FULL: { status: 409, exit: 4 },
  INCIDENT_RESOLVED: { status: 409, exit: 4 },
  INTERNAL: { status: 500, exit: 1 },
  INVITATION_REFUSED: { status: 403, exit: 4 },
  JOIN_REFUSED: { status: 403, exit: 4 },
  LAB_FAILED: { status: 500, exit: 1 },
  LIVE_REFUSED: { status: 409, exit: 4 },
  LOCK_LOST: { status: 409, exit: 4 },
  LOGIN_REFUSED: { status: 401, exit: 4 },
  NO_CAPACITY: { status: 409, exit: 4 },
  NO_PLACE: { status: 409, exit: 4 },
  NOT_CANCELLABLE: { status: 409, exit: 4 },
  NOT_FOUND: { status: 404, exit: 3 },
  OIDC_REFUSED: { status: 403, exit: 4 },
  OIDC_UNREACHABLE: { status: 503, exit: 5 },
  OPERATION_FAILED: { status: 500, exit: 1 },
  OWNER_MISMATCH: { status: 409, exit: 4 },
  PASSWORD_WEAK: { status: 422, exit: 2 },
  POOL_EXHAUSTED: { status: 409, exit: 4 },
  PRECONDITION_FAILED: { status: 412, exit: 4 },
  PREREQUISITE_MISSING: { status: 500, exit: 1 },
  REQUEST_INVALID: { status: 400, exit: 2 },
  REQUEST_TOO_LARGE: { status: 413, exit: 2 },
  ROLLOUT_ENDED: { status: 409, exit: 4 },
  ROLLOUT_STOPPED: { status: 409, exit: 4 },
  SECRETS_LOCKED: { status: 500, exit: 1 },
  SERVER_UNREACHABLE: { status: 503, exit: 5 },
  SOURCE_MISMATCH: { status: 409, exit: 4 },
  SPEC_INVALID: { status: 422, exit: 2 },
  TOO_MANY_ATTEMPTS: { status: 429, exit: 4 },
  UNAUTHORIZED: { status: 401, exit: 4 },
  VALIDATION_UNAVAILABLE: { status: 503, exit: 5 },
  WATCH_FULL: { status: 503, exit: 5 },
} as const;

/** Code of an error, stable over versions: what scripts may test for. */
export type ErrorCode = keyof typeof rows;

/** Every code there is; the docs and their test are held against it. */
export const errorCodes = Object.keys(rows) as readonly ErrorCode[];

/** One place in a text that a person wrote, counted from 1, with what is wrong there. */
export interface Finding {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** Which object of the spec it belongs to, such as `instance shop-web`. */
  readonly object?: string | undefined;
}

/** An error as it travels between the parts and over the API. */
export interface ErrorBody {
  readonly code: ErrorCode;
  /** What happened, to which object. */
  readonly message: string;
  /** What to do next, as a sentence. */
  readonly next: string;
  readonly findings?: readonly Finding[] | undefined;
}

/**
 * An error of the world (bad input, a part that is down, a refused operation), as opposed to a
 * bug, which is a plain `Error`. What a person reads is `message` and then `next`.
 */
export class BridgeheadError extends Error {
  readonly code: ErrorCode;
  readonly next: string;
  readonly findings: readonly Finding[];

  constructor(code: ErrorCode, message: string, next: string, options: ErrorDetails = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.name = 'BridgeheadError';
    this.code = code;
    this.next = next;
    this.findings = options.findings ?? [];
  }

  /** HTTP status that answers a request which ended in this error. */
  get status(): number {
    return rows[this.code].status;
  }

  /** Exit code of a command that ended in this error. */
  get exitCode(): number {
    return rows[this.code].exit;
  }

  /** The error as plain data. */
  body(): ErrorBody {
    const base = { code: this.code, message: this.message, next: this.next };
    return this.findings.length === 0 ? base : { ...base, findings: this.findings };
  }

  /** The error that `body` describes; an unknown code (a newer peer's) becomes INTERNAL. */
  static from(body: ErrorBody): BridgeheadError {
    const code = Object.hasOwn(rows, body.code) ? body.code : 'INTERNAL';
    const details = body.findings === undefined ? {} : { findings: body.findings };
    return new BridgeheadError(code, body.message, body.next, details);
  }

  /** `error` itself where it is one of ours, else an INTERNAL that carries it as its cause. */
  static wrap(error: unknown): BridgeheadError {
    if (error instanceof BridgeheadError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new BridgeheadError(
      'INTERNAL',
      `unexpected failure: ${message}`,
      'This is a bug in Bridgehead: report it with the log around this time.',
      { cause: error },
    );
  }
}

interface ErrorDetails {
  readonly findings?: readonly Finding[];
  readonly cause?: unknown;
}
