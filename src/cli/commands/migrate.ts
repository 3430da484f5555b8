import type { OperationView } from '../../protocol/api.ts';
import type { ApiClient } from '../client.ts';
import type { Session } from '../session.ts';
import { watchToEnd } from '../watch.ts';

/**
 * `watch`: begin now or be refused, and look on until the end. `queue`: get in line where the object
 * is locked, and look on. `return`: begin now or be refused, and leave it at that.
 */
export type WaitMode = 'watch' | 'queue' | 'return';

export interface BeginOptions {
  readonly reason: string;
  readonly mode: WaitMode;
  /** By which the server knows the request again. */
  readonly key: string;
}

/**
 * Moves an instance and shows its steps as they end.
 *
 * @throws BridgeheadError whatever refused its start, or what {@link watchToEnd} says of its end
 */
export async function migrate(
  session: Session,
  instance: string,
  { to, reason, mode, key }: BeginOptions & { readonly to: string },
): Promise<void> {
  const api = await session.connect();
  const begun = await api.migrate(instance, { to, reason, wait: mode === 'queue' }, key);
  return go(session, api, begun, mode);
}

/**
 * Moves everything off a host and shows each move as it ends.
 *
 * @throws BridgeheadError whatever refused its start, or what {@link watchToEnd} says of its end
 */
export async function drain(
  session: Session,
  host: string,
  { reason, mode, key }: BeginOptions,
): Promise<void> {
  const api = await session.connect();
  const begun = await api.drain(host, { reason, wait: mode === 'queue' }, key);
  return go(session, api, begun, mode);
}

/** Looks on until the operation has ended, or says that it began. */
export async function go(
  session: Session,
  api: ApiClient,
  begun: OperationView,
  mode: WaitMode,
): Promise<void> {
  if (mode !== 'return') return watchToEnd(session, api, begun);
  const { id, title } = begun;
  return session.print(
    begun,
    () => `operation ${id} (${title}) began; watch it with: bridgehead ops watch ${id}`,
  );
}
