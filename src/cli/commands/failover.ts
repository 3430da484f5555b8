import type { FailoverView } from '../../protocol/api.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import { hostState } from '../tables.ts';

/** Shows what is held true of each host, and whether failover acts. */
export async function showFailover(session: Session): Promise<void> {
  const api = await session.connect();
  await printFailover(session, await api.failover());
}

/** Stops failing over, for maintenance. */
export async function disarm(session: Session, reason: string): Promise<void> {
  const api = await session.connect();
  await printFailover(session, await api.disarm(reason));
}

/** Fails over again. */
export async function arm(session: Session): Promise<void> {
  const api = await session.connect();
  await printFailover(session, await api.arm());
}

/** Says that a host is off, where nobody can prove it. */
export async function confirmDead(session: Session, host: string, reason: string): Promise<void> {
  const api = await session.connect();
  const operation = await api.confirmDead(host, reason);
  await session.print(
    operation,
    () =>
      `host ${host} is failed over by operation ${operation.id}: bridgehead ops watch ${operation.id}`,
  );
}

async function printFailover(session: Session, view: FailoverView): Promise<void> {
  const { paint, columns } = session;
  await session.print(view, () => {
    const armed =
      view.disarmed === null
        ? 'failover is armed'
        : `failover is DISARMED: ${view.disarmed}\nArm it again: bridgehead failover arm`;
    const rows = view.hosts.map(({ name, state, verdict }) => [
      name,
      hostState({ state, cordonReason: null }, paint),
      verdict.state,
      verdict.reasons.join('; '),
    ]);
    return `${armed}\n\n${tableText(['HOST', 'STATE', 'VERDICT', 'WITNESSES'], rows, { columns })}`;
  });
}
