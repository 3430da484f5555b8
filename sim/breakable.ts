import { acceptGrants } from '../src/agent/grants.ts';
import { BridgeheadError } from '../src/domain/errors.ts';
import type { Kind } from '../src/operations/kind.ts';
import { lockRules } from '../src/operations/locks.ts';
import type { Run } from '../src/operations/run.ts';
import type { Transaction } from '../src/store/store.ts';
import type { Rules } from './simulation.ts';
import { simTimings } from './timings.ts';

/**
 * A part that can be taken out, to see that its loss is noticed: the hosts' check of revision and
 * epoch, the store's check of the fencing token, the locks, the check of the source, the wait for
 * a host's word that it let go, the look for a kept answer, the time in which an address that was
 * taken off an instance is not free; the witnesses' memory of what they promised, the lease in the
 * hosts' kernels, the wait for its end.
 */
export const breakable = [
  ...(['fence', 'token', 'lock', 'source'] as const),
  ...(['release', 'idempotency', 'leaving'] as const),
  ...(['promise', 'lease', 'proof'] as const),
] as const;
export type Breakable = (typeof breakable)[number];

/** The production's rules, but for the one that is to be missed. */
export function rulesWithout(broken: Breakable | null): Rules {
  if (broken === 'fence') {
    return {
      agent: {
        acceptGrants: (before, told) => {
          const forgetful = { ...before, revision: 0, newest: new Map() };
          return acceptGrants(forgetful, told);
        },
      },
    };
  }
  if (broken === 'lock') {
    return { locks: { ...lockRules, blockerOf: () => null }, transaction: withoutLocks };
  }
  if (broken === 'token') {
    return { locks: { ...lockRules, holds: (stored) => stored !== null } };
  }
  if (broken === 'source') return { kinds: (kinds) => kinds.map(withoutSourceCheck) };
  if (broken === 'release') return { kinds: (kinds) => kinds.map(withoutWaiting) };
  if (broken === 'idempotency') return { transaction: withoutAnswers };
  if (broken === 'leaving') return { transaction: (tx) => changed(tx, { putLeaving: nothing }) };
  if (broken === 'promise') return { forgetsPromises: true };
  if (broken === 'lease') return { ignoresLease: true };
  // The lease is held for over when the last grant leaves.
  if (broken === 'proof') return { timings: { ...simTimings, marginMs: -simTimings.leaseMs } };
  return {};
}

const nothing = async () => undefined;

/** The object with some of its methods replaced. What it does by itself stays as it was. */
function changed<Object extends object>(original: Object, methods: Partial<Object>): Object {
  return new Proxy(original, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in methods ? methods : target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

// Whoever comes has the lock, and whoever had it does not know.
function withoutLocks(tx: Transaction): Transaction {
  const putLock: Transaction['putLock'] = async (lock) => {
    const holder = (await tx.locks()).find(({ object }) => object === lock.object);
    if (holder !== undefined) await tx.deleteLocks(holder.operationId);
    await tx.putLock(lock);
  };
  return changed(tx, { putLock });
}

// Every request is a new one.
function withoutAnswers(tx: Transaction): Transaction {
  return changed(tx, {
    keptAnswer: async () => null,
    keepAnswer: async (answer, dropBeforeMs) => {
      if ((await tx.keptAnswer(answer.key)) === null) await tx.keepAnswer(answer, dropBeforeMs);
    },
  });
}

// The source is told to let go, and that is taken for its having done so.
function withoutWaiting(kind: Kind): Kind {
  if (kind.kind !== 'migrate') return kind;
  const hasty = (run: Run) => {
    const isReleasing = () => run.operation.steps.at(-1)?.name === 'release';
    return changed(run, {
      until: async (condition, timeoutMs) => isReleasing() || run.until(condition, timeoutMs),
    });
  };
  return { ...kind, run: (run) => kind.run(hasty(run)) };
}

function withoutSourceCheck(kind: Kind): Kind {
  if (kind.kind !== 'migrate') return kind;
  return {
    ...kind,
    check: ({ fleet }, args) => {
      const instance = fleet.instances.find(({ spec }) => spec.name === args['instance']);
      const held = fleet.assignments.find(({ instanceId }) => instanceId === instance?.id);
      if (instance === undefined || held === undefined) {
        throw new BridgeheadError('NOT_FOUND', 'there is nothing to move', 'Apply it first.');
      }
      const source = held.host;
      return { args: { ...args, instanceId: instance.id, source }, observed: { host: source } };
    },
  };
}
