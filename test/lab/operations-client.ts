// A client of the operations' code in a process of its own, so that it can be killed for real. It
// asks for operations on a few objects, cancels some, takes over what others left, and says on its
// standard output what it was told: `told ID` and `key KEY ID`.

import { randomUUID } from 'node:crypto';
import type { HostName } from '../../src/domain/ids.ts';
import type { Words } from '../../src/domain/operation.ts';
import { OperationEngine } from '../../src/operations/engine.ts';
import type { Hands } from '../../src/operations/hands.ts';
import type { Kind } from '../../src/operations/kind.ts';
import { lockRules } from '../../src/operations/locks.ts';
import { Abandoned, type Run } from '../../src/operations/run.ts';
import { SchedulerSession } from '../../src/operations/session.ts';
import { PostgresStore } from '../../src/store/postgres-store.ts';
import type { Transaction } from '../../src/store/store.ts';
import { MemoryKeys } from '../../src/store/test-keys.ts';
import { systemClock as clock } from '../../src/system/clock.ts';

const [, , connectionString = '', name = '', isOnlyCleaning = ''] = process.argv;
const objects = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;
const steps = 4;
/** After it, there is only forward. */
const switchStep = 2;

const store = await PostgresStore.open({
  connection: { connectionString },
  clock,
  random: Math.random,
  keys: new MemoryKeys(),
});
const log = () => undefined;
const session = new SchedulerSession({
  ...{ store, clock, name, newId: randomUUID, onNew: log, log },
  lease: { ttlMs: 1_500, renewMs: 300 },
});
const hands: Hands = {
  connected: [] as readonly HostName[],
  isConnected: () => false,
  observed: () => null,
  ask: () => Promise.reject(new Error('nobody to ask')),
  until: async (_, timeoutMs) => {
    await clock.sleep(timeoutMs);
    return false;
  },
  push: async () => undefined,
  place: () => undefined,
};
const engine = new OperationEngine({
  ...{ store, clock, hands, log, newId: randomUUID, session: () => session.id },
  kinds: [kind('migrate', true), kind('configure', false)],
  rules: lockRules,
  onEnded: () => void engine.claim().catch(log),
});

await session.start();
clock.every(150, () => void engine.claim().catch(log));
// The timer holds no process open.
setInterval(log, 60_000);
if (isOnlyCleaning === '') void ask();

function kind(which: 'migrate' | 'configure', hasSwitch: boolean): Kind {
  return {
    kind: which,
    whenCancelled: 'Nothing.',
    objectsOf: (args: Words) => String(args['objects']).split(','),
    check: (_, args) => ({ args, observed: { looked: true } }),
    run: async (run) => {
      try {
        for (let step = 1; step <= steps; step += 1) await oneStep(run, step, hasSwitch);
      } catch (error) {
        if (error instanceof Abandoned || run.operation.isForward) throw error;
        await end(run, 'undone', error);
        return;
      }
      await end(run, 'done', null);
    },
    resume: (run) =>
      hasSwitch && !run.operation.isForward
        ? end(run, 'undone', new Error('it was left before its switch'))
        : end(run, 'done', null),
  };
}

function oneStep(run: Run, step: number, hasSwitch: boolean): Promise<void> {
  return run.step(`step ${step}`, async () => {
    const isForward = run.operation.isForward || (hasSwitch && step >= switchStep);
    await run.commit((tx) => audit(tx, run, `step ${step}`), { isForward });
    await clock.sleep(Math.random() * 60);
    return '';
  });
}

function end(run: Run, state: 'done' | 'undone', error: unknown): Promise<void> {
  return run.end(state, error, (tx) => audit(tx, run, 'end'));
}

async function audit(tx: Transaction, run: Run, what: string): Promise<void> {
  const { id, token, objects: held } = run.operation;
  for (const object of held) {
    const message = JSON.stringify({ id, token, what });
    await tx.addEvent({ atMs: clock.wallMs(), kind: 'audit', object, message });
  }
}

async function ask(): Promise<void> {
  let key: { readonly text: string; readonly args: Words } | null = null;
  for (;;) {
    await clock.sleep(Math.random() * 100);
    try {
      if (Math.random() < 0.1) await cancelOne();
      const isRepeated: boolean = key !== null && Math.random() < 0.3;
      const count = 1 + Math.floor(Math.random() * 2.2);
      const args: Words =
        isRepeated && key !== null
          ? key.args
          : {
              objects: objects
                .toSorted(() => Math.random() - 0.5)
                .slice(0, count)
                .join(','),
            };
      const text: string = isRepeated && key !== null ? key.text : randomUUID();
      key = { text, args };
      const { id } = await engine.submit({
        kind: args['objects'] === 'a' ? 'configure' : 'migrate',
        ...{ args, who: 'client', reason: '', key: text },
        mayWait: text.charCodeAt(0) % 2 === 0,
      });
      process.stdout.write(`told ${id}\nkey ${text} ${id}\n`);
    } catch {
      // Busy, or the database cut us off: the next one may do better.
    }
  }
}

async function cancelOne(): Promise<void> {
  const open = await store.transact((tx) => tx.openOperations());
  const one = open[Math.floor(Math.random() * open.length)];
  if (one !== undefined) await engine.cancel(one.id, 'client');
}
