import { BridgeheadError } from '../../domain/errors.ts';
import { durationText, momentText } from '../duration.ts';
import type { Session } from '../session.ts';

const ttlMaxMs = 7 * 86_400_000;

/** Makes a one-time token by which the agent of a host joins the fleet. */
export async function createToken(session: Session, host: string, ttlMs: number): Promise<void> {
  if (ttlMs < 1_000 || ttlMs > ttlMaxMs) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `--ttl ${durationText(ttlMs)} is out of range`,
      'A join token lives between one second and seven days.',
    );
  }
  const api = await session.connect();
  const view = await api.newJoinToken(host, Math.round(ttlMs / 1_000));
  await session.print(view, () =>
    [
      view.token,
      '',
      `Good once, for host ${view.host}, until ${momentText(view.expiresMs)}. On that host:`,
      `  bridgehead agent --server SCHEDULER:7443 --join-token ${view.token}`,
    ].join('\n'),
  );
}
