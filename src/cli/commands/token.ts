import { BridgeheadError } from '../../domain/errors.ts';
import type { TokenView } from '../../protocol/access-views.ts';
import type { Grant } from '../access-calls.ts';
import { durationText, momentText } from '../duration.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import { ownersText } from './login.ts';

const ttlMaxMs = 7 * 86_400_000;

/** Makes a one-time token by which the agent of a host joins the fleet. */
export async function createJoinToken(
  session: Session,
  host: string,
  ttlMs: number,
): Promise<void> {
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

/** Makes a token of the API, and prints it this once. */
export async function createToken(
  session: Session,
  name: string,
  grant: Grant & { readonly lifeS: number },
): Promise<void> {
  const view = await (await session.connect()).addToken(name, grant);
  const { token, role, owners, expiresMs } = view;
  const what = `${role}, owners: ${ownersText(owners)}, until ${momentText(expiresMs)}`;
  await session.print(view, () => `${token}\n\n${name}: ${what}. It is not shown again.`);
}

/** Lists tokens of the API. */
export async function listTokens(session: Session): Promise<void> {
  const tokens = await (await session.connect()).tokens();
  const nowMs = session.terminal.clock.wallMs();
  await session.print(tokens, () => tokensTable(tokens, nowMs));
}

/** Makes a token no good. */
export async function revokeToken(session: Session, name: string): Promise<void> {
  const text = await (await session.connect()).revokeToken(name);
  await session.print({ text }, () => text);
}

/** Takes back a host's certificates. */
export async function revokeHost(session: Session, host: string, reason: string): Promise<void> {
  const view = await (await session.connect()).revokeHost(host, reason);
  await session.print(view, () =>
    [
      `No agent is host ${host} any more, on any scheduler. What it held goes elsewhere as if it had died.`,
      'To let it in again, remove identity.json there, and:',
      `  bridgehead token create --host ${host}`,
    ].join('\n'),
  );
}

function tokensTable(tokens: readonly TokenView[], nowMs: number): string {
  if (tokens.length === 0) return 'no tokens';
  return tableText(
    ['NAME', 'ROLE', 'OWNERS', 'USER', 'EXPIRES', 'LAST USED', 'BY'],
    tokens.map(({ name, role, owners, user, expiresMs, usedMs, createdBy }) => [
      ...[name, role, ownersText(owners), user ?? '-'],
      expiresMs <= nowMs ? 'expired' : momentText(expiresMs),
      ...[usedMs === null ? 'never' : momentText(usedMs), createdBy],
    ]),
  );
}
