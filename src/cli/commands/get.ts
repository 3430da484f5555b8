import { kindOf } from '../kinds.ts';
import type { Session } from '../session.ts';
import { eventsTable, hostsTable, instancesTable, poolsTable } from '../tables.ts';

const eventsShown = 100;

/** Lists records of a kind, or shows the one of a name; `events NAME` are those of that object. */
export async function get(session: Session, kind: string, name: string | undefined): Promise<void> {
  const { paint, columns, terminal } = session;
  const wanted = kindOf(kind);
  const api = await session.connect();
  switch (wanted) {
    case 'host': {
      const nowMs = terminal.clock.wallMs();
      const hosts = name === undefined ? await api.hosts() : [await api.host(name)];
      return show(session, hosts, name, (shown) => hostsTable(shown, nowMs, paint));
    }
    case 'pool': {
      const pools = name === undefined ? await api.pools() : [await api.pool(name)];
      return show(session, pools, name, poolsTable);
    }
    case 'instance': {
      const instances = name === undefined ? await api.instances() : [await api.instance(name)];
      return show(session, instances, name, (shown) => instancesTable(shown, paint, columns));
    }
    case 'event': {
      const events = await api.events({ object: name, limit: eventsShown });
      return show(session, events, undefined, (shown) => eventsTable(shown, columns));
    }
  }
}

function show<Item>(
  session: Session,
  items: readonly Item[],
  name: string | undefined,
  table: (items: readonly Item[]) => string,
): Promise<void> {
  return session.print(name === undefined ? items : items[0], () => table(items));
}
