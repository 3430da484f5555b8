import { BridgeheadError } from '../domain/errors.ts';

/** What the driver failed with, in our words where the database is gone. */
export function translate(error: unknown): unknown {
  if (error instanceof BridgeheadError) return error;
  const { code = '', syscall } = error as { code?: string; syscall?: string };
  // Class 08 is "connection exception", 57P is "operator intervention", 57014 and 25P03 are the two
  // timeouts of ours; the rest are the socket's.
  const isLost =
    code.startsWith('08') ||
    code.startsWith('57P') ||
    code === '57014' ||
    code === '25P03' ||
    syscall !== undefined ||
    /terminated|timeout exceeded when trying to connect|Connection ended/i.test(String(error));
  return isLost ? unavailable(error) : error;
}

export function unavailable(cause: unknown): BridgeheadError {
  return new BridgeheadError(
    'DATABASE_UNAVAILABLE',
    `the database does not answer: ${(cause as Error).message}`,
    'Look at the PostgreSQL server and its log; Bridgehead goes on by itself when it is back.',
    { cause },
  );
}
