import type { Session } from '../session.ts';

/** Keeps new instances off a host; those on it stay. */
export async function cordon(session: Session, host: string, reason: string): Promise<void> {
  const api = await session.connect();
  const view = await api.cordon(host, reason);
  const count = view.instances.length;
  const stay = count === 0 ? 'nothing is on it' : `${count} on it stay until they are migrated`;
  await session.print(view, () => `host ${host} is cordoned: nothing new is placed there; ${stay}`);
}

/** Lets instances be placed on a host again. */
export async function uncordon(session: Session, host: string): Promise<void> {
  const api = await session.connect();
  const view = await api.uncordon(host);
  await session.print(view, () => `host ${host} takes instances again`);
}
