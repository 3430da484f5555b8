// For tests: what every store has to do with incidents.

import assert from 'node:assert/strict';
import type { Operation } from '../domain/operation.ts';
import { opened } from '../incidents/advance.ts';
import type { Incident } from '../incidents/incident.ts';
import type { IncidentFilter } from './incident-rows.ts';
import type { Store } from './store.ts';
import { host } from './store-contract-rows.ts';

const failover: Operation = {
  ...{ id: '00000000-0000-4000-8000-00000000000f', kind: 'failover', objects: [`host/${host}`] },
  ...{ args: { host }, who: 'scheduler', reason: 'silent', state: 'done', observed: {}, steps: [] },
  ...{ isForward: true, session: null, token: 1, cancelledBy: null, parentId: null },
  ...{ requestedMs: 5_000, startedMs: 5_000, endedMs: 5_500, error: null },
};

function incident(firstMs: number, more: Partial<Incident> = {}): Incident {
  const begun = { nowMs: firstMs, atMs: firstMs, facts: null, running: [] };
  return { ...opened(host, begun), ...more };
}

/** Declares the tests of a store's incidents; `fresh` opens an empty one. */
export function incidentContract(
  test: (title: string, work: () => Promise<void>) => void,
  fresh: () => Promise<Store>,
): void {
  test('incidents come back as they were put, the newest first, by host, time and state', async () => {
    await using store = await fresh();
    const [first, second] = await store.transact(async (tx) => [
      await tx.addIncident(incident(1_000)),
      await tx.addIncident(incident(2_000, { host: 'other', isFollowed: false })),
    ]);
    assert.ok(first !== undefined && second !== undefined && second > first);
    const ids = (filter: IncidentFilter) =>
      store.transact(async (tx) => (await tx.incidents(filter)).map(({ id }) => id));
    assert.deepEqual(await ids({ limit: 5 }), [second, first]);
    assert.deepEqual(await ids({ limit: 1 }), [second]);
    assert.deepEqual(await ids({ host, limit: 5 }), [first]);
    assert.deepEqual(await ids({ isFollowed: true, limit: 5 }), [first]);
    assert.deepEqual(await ids({ fromMs: 1_500, untilMs: 2_000, limit: 5 }), [second]);
    assert.deepEqual(await ids({ fingerprint: 'v1-0', limit: 5 }), []);
    const resolved = { atMs: 9, who: 'ann', text: 'a cable' };
    const put = incident(1_000, { id: first, state: 'resolved', resolved });
    await store.transact((tx) => tx.putIncident(put));
    assert.deepEqual(await store.transact((tx) => tx.incident(first)), put);
    assert.deepEqual(await ids({ state: 'resolved', limit: 5 }), [first]);
    assert.equal(await store.transact((tx) => tx.incident(999)), null);
  });

  test('a failover is a cause until somebody claims it, and is claimed once', async () => {
    await using store = await fresh();
    await store.transact((tx) => tx.putOperation(failover));
    const causes = () => store.transact((tx) => tx.newCauses(10));
    const { id } = failover;
    assert.deepEqual(await causes(), [{ kind: 'failover', id, host, atMs: 5_000 }]);
    const claims = await Promise.all(
      [1, 2, 3].map(() =>
        store.transact(async (tx) => {
          const own = await tx.addIncident(incident(5_000));
          return tx.claimCause(`failover/${id}`, own);
        }),
      ),
    );
    assert.equal(claims.filter((isFirst) => isFirst).length, 1);
    assert.deepEqual(await causes(), []);
    await store.transact(async (tx) => {
      await tx.claimCause('crash/77', null);
      await tx.forgetCauses();
    });
    assert.deepEqual(await causes(), [], 'the operation is there still');
    assert.ok(
      await store.transact((tx) => tx.claimCause('crash/77', null)),
      'of that report nothing is there',
    );
  });

  test('operations by kind and time', async () => {
    await using store = await fresh();
    const shed: Operation = { ...failover, id: failover.id.replace(/f$/, 'e'), kind: 'shed' };
    await store.transact(async (tx) => {
      await tx.putOperation(failover);
      await tx.putOperation({ ...shed, requestedMs: 6_000 });
    });
    const kinds = (filter: { readonly kinds?: readonly ['shed']; readonly sinceMs?: number }) =>
      store.transact(async (tx) =>
        (await tx.operations({ ...filter, limit: 9 })).map(({ kind }) => kind),
      );
    assert.deepEqual(await kinds({ kinds: ['shed'] }), ['shed']);
    assert.deepEqual(await kinds({ sinceMs: 5_001 }), ['shed']);
    assert.deepEqual(await kinds({ sinceMs: 5_000 }), ['shed', 'failover']);
  });
}
