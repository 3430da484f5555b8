import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { hostObject, instanceObject, type Operation, type Words } from '../domain/operation.ts';
import type { Transaction } from '../store/store.ts';
import type { OperationEngine } from './engine.ts';
import { planFailover } from './failover-plan.ts';
import { gatewayEvidence } from './gateway-evidence.ts';
import type { Kind } from './kind.ts';
import { movedInstance } from './migrate.ts';
import { giveBack, grant } from './release.ts';
import { Abandoned, type Run } from './run.ts';
import { verifiedFrom } from './verify.ts';

const promoteTimeoutMs = 10_000;
/** What is verified stays locked: a few at a time, and no more than a witness has sockets for. */
const verifiedAtOnce = 8;
const promoteStep = 'promote';
/** What the step notes of an instance whose standby serves. */
const servesNote = /^(\S+) on \S+ after (\d+) ms$/;

/**
 * Gives what a silent host held to others. It begins where the proof of the silence has been
 * written, with the grants already made, so from its first step there is only forward. The host's
 * last lease may still be running then: the standbys get ready meanwhile and wait for its end, and
 * what has no standby keeps its place until then.
 */
export const failover: Kind = {
  kind: 'failover',
  whenCancelled: null,
  objectsOf: ({ host, promoted, stranded }) => [
    hostObject(host as HostName),
    ...[...linesOf(promoted), ...linesOf(stranded)].map((line) =>
      instanceObject(line.split(' ')[0] as InstanceName),
    ),
  ],
  check: () => {
    throw new Error('a failover begins with the proof that its host is silent');
  },
  run: seeThrough,
  resume: seeThrough,
};

/** Why a host is failed over, and the times that its time line shows. Wall-clock milliseconds. */
export interface FailoverCause {
  readonly host: HostName;
  readonly reasons: readonly string[];
  /** When the last witness heard it; null where none says. */
  readonly lastHeardMs: number | null;
  /** Since when too few witnesses heard it. */
  readonly suspectedMs: number;
  /** Since when its silence was proven: enough of them had promised to grant it nothing. */
  readonly provenMs: number;
  readonly silencedMs: number;
  /** How long from now its lease may still run. Milliseconds. */
  readonly waitMs: number;
}

interface Promoted {
  readonly name: InstanceName;
  readonly id: InstanceId;
  readonly to: HostName;
}

/**
 * Fences a host and grants its instances to their standbys, as one transaction; what has none is
 * left for placement once the host's lease has run out. Operations that hold any of them give way:
 * their host is gone, and they would only hold up what saves the service.
 *
 * @returns the operation that sees it through, to be launched once the transaction is committed;
 * null where the host is fenced already
 */
export async function failOver(
  tx: Transaction,
  engine: OperationEngine,
  { host, reasons: told, waitMs, ...times }: FailoverCause,
  nowMs: number,
): Promise<Operation | null> {
  if ((await tx.fences()).some((one) => one.host === host)) return null;
  const fleet = await tx.fleet();
  const reasons = [...told, ...gatewayEvidence(fleet.hosts, host)];
  const open = await tx.openOperations();
  const { promotions, stranded, preempted, thwarted } = planFailover(fleet, open, host);
  for (const operation of preempted) {
    await tx.putOperation({
      ...operation,
      ...{ state: 'failed', endedMs: nowMs, error: preemptedBy(host).body() },
    });
    await tx.deleteLocks(operation.id);
  }
  for (const operation of thwarted) await undoMigration(tx, operation, host, nowMs);
  await tx.putFence({ host, atMs: nowMs, reasons });
  const promoted = promotions.map(({ instance, to }) => `${lineOf(instance)} ${to}`).join('\n');
  const start = {
    args: { host, promoted, stranded: stranded.map(lineOf).join('\n'), waitMs },
    observed: { ...times, reasons: reasons.join('\n') },
    isForward: true,
  };
  const ask = { kind: failover.kind, args: start.args, who: 'scheduler' };
  const operation = await engine.begin(tx, { ...ask, reason: `${host} is silent` }, start);
  for (const { instance, to } of promotions) {
    const epoch = await grant(tx, instance.id, to);
    await tx.deleteStandby({ instanceId: instance.id, host: to });
    // The dead host may answer for these until its lease has run out: its heir's word frees them.
    for (const one of fleet.leaving) {
      if (one.instanceId === instance.id) await tx.putLeaving({ ...one, epoch });
    }
  }
  const message =
    `proven to answer for nothing (${reasons.join('; ')}): ` +
    `${promotions.length} instances go to their standbys, ${stranded.length} are placed anew`;
  await tx.addEvent({ atMs: nowMs, kind: 'host.dead', object: hostObject(host), message });
  return operation;
}

// Whoever runs it would else grant to a host that is held for dead what nobody fails over any more.
async function undoMigration(
  tx: Transaction,
  operation: Operation,
  host: HostName,
  nowMs: number,
): Promise<void> {
  const instanceId = movedInstance(operation.args);
  await tx.putOperation({
    ...operation,
    ...{ state: 'undone', endedMs: nowMs, error: preemptedBy(host).body() },
  });
  await tx.deleteLocks(operation.id);
  await giveBack(tx, instanceId, operation.args['source'] as HostName);
  await tx.deleteStandby({ instanceId, host });
}

/**
 * Instances whose last holder is proven silent by an operation that is under way, with how long from
 * now it may still be answering: whoever reads the operation does so after it was written.
 */
export function failedOver({ kind, args }: Operation): readonly (readonly [InstanceId, number])[] {
  if (kind !== 'failover') return [];
  return promotedOf(args['promoted']).map(({ id }) => [id, Number(args['waitMs'])]);
}

/** Hosts whose standbys take over. */
export function failoverTargets({ args }: Operation): readonly HostName[] {
  return [...new Set(promotedOf(args['promoted']).map(({ to }) => to))];
}

/** What became of all that the host held, as far as the operation's journal has it. */
export function failoverOutcome({ args, steps }: Operation): readonly {
  readonly id: InstanceId;
  readonly name: InstanceName;
  /** Null where it had no standby. */
  readonly to: HostName | null;
  /** When its standby served, wall-clock milliseconds; null where that was not seen. */
  readonly servedMs: number | null;
}[] {
  const promotion = steps.find(({ name }) => name === promoteStep);
  const servedMs = new Map(
    (promotion?.note.split(', ') ?? []).flatMap((note) => {
      const [, name, tookMs] = servesNote.exec(note) ?? [];
      return name === undefined ? [] : [[name, (promotion?.startedMs ?? 0) + Number(tookMs)]];
    }),
  );
  const stranded = linesOf(args['stranded']).map((line) => line.split(' '));
  return [
    ...promotedOf(args['promoted']).map((one) => ({
      ...one,
      servedMs: servedMs.get(one.name) ?? null,
    })),
    ...stranded.map(([name, id]) => ({
      ...{ name: name as InstanceName, id: id as InstanceId, to: null, servedMs: null },
    })),
  ];
}

async function seeThrough(run: Run): Promise<void> {
  const { args } = run.operation;
  const host = args['host'] as HostName;
  const promoted = promotedOf(args['promoted']);
  const late: InstanceName[] = [];
  try {
    if (args['stranded'] !== '') await run.step('strand', () => strand(run, host));
    await run.step(promoteStep, async () => {
      const startMs = run.clock.monotonicMs();
      await run.hands.push();
      const notes = await Promise.all(
        promoted.map(async ({ name, id, to }) => {
          const serves = () => run.hands.observed(to, id)?.phase === 'serving';
          const isThere = await run.hands.until(serves, promoteTimeoutMs);
          if (!isThere) late.push(name);
          const tookMs = Math.round(run.clock.monotonicMs() - startMs);
          return isThere ? `${name} on ${to} after ${tookMs} ms` : `${name} on ${to}: NOT YET`;
        }),
      );
      return notes.length === 0 ? 'no instance has a standby' : notes.join(', ');
    });
    await run.step('verify', async () => {
      const notes = new Map<InstanceName, string>();
      const left = promoted.values();
      const work = async () => {
        for (const { name, to } of left) {
          const instance = await run.instance(name);
          if (instance === null) continue;
          notes.set(name, await verifiedFrom(run, instance, to, host).catch(messageOf));
        }
      };
      await Promise.all(Array.from({ length: verifiedAtOnce }, work));
      return promoted.flatMap(({ name }) => notes.get(name) ?? []).join('; ');
    });
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    return run.end('failed', error);
  }
  await run.end(late.length === 0 ? 'done' : 'failed', late.length === 0 ? null : slow(host, late));
}

// Whoever takes this over waits as long, and so longer than is needed.
async function strand(run: Run, host: HostName): Promise<string> {
  const { args } = run.operation;
  await run.clock.sleep(Number(args['waitMs']));
  const stranded = linesOf(args['stranded']).map((line) => line.split(' ')[1] as InstanceId);
  await run.commit(async (tx) => {
    for (const id of stranded) {
      if ((await tx.assignment(id))?.host !== host) continue;
      await tx.deleteLeaving(id, await tx.lastEpoch(id));
      await tx.deleteAssignment(id);
    }
  });
  run.hands.place();
  return `${stranded.length} instances without a standby are placed anew`;
}

function messageOf(error: unknown): string {
  if (error instanceof Abandoned) throw error;
  return (error as Error).message;
}

function promotedOf(text: Words[string] | undefined): readonly Promoted[] {
  return linesOf(text).map((line) => {
    const [name, id, to] = line.split(' ');
    return { name: name as InstanceName, id: id as InstanceId, to: to as HostName };
  });
}

function lineOf({ id, spec }: Instance): string {
  return `${spec.name} ${id}`;
}

function linesOf(text: Words[string] | undefined): readonly string[] {
  return typeof text === 'string' && text !== '' ? text.split('\n') : [];
}

function preemptedBy(host: HostName): BridgeheadError {
  return new BridgeheadError(
    'OPERATION_FAILED',
    `it gave way to the failover of host ${host}, which is proven silent`,
    'See where the instance is now, and begin it again if it is still wanted: bridgehead get instances',
  );
}

function slow(host: HostName, names: readonly string[]): BridgeheadError {
  return new BridgeheadError(
    'OPERATION_FAILED',
    `failover of host ${host}: ${names.join(', ')} does not say yet that it serves`,
    `See what is wrong there: bridgehead describe instance ${names[0]}`,
  );
}
