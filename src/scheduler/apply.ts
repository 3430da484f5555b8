import type { Clock } from '../domain/clock.ts';
import { BridgeheadError, type Finding } from '../domain/errors.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import { instanceObject, isOpen, type Operation } from '../domain/operation.ts';
import { rolloutObject } from '../domain/rollout.ts';
import { configure } from '../operations/configure.ts';
import { create } from '../operations/create.ts';
import { type Author, putDesired } from '../operations/desire.ts';
import type { OperationEngine } from '../operations/engine.ts';
import type { Hands } from '../operations/hands.ts';
import { fingerprintOf, keep, keptFor } from '../operations/idempotency.ts';
import type { FleetView } from '../operations/kind.ts';
import { blockerOf, busy } from '../operations/locks.ts';
import { forget, letGo, remove, startRemoval, undoRemoval } from '../operations/remove.ts';
import { Abandoned, type Run } from '../operations/run.ts';
import { type ApplyAnswer, applyAnswer } from '../protocol/api.ts';
import type { FleetState, Store, Transaction } from '../store/store.ts';
import { type ApplyPlan, isOtherContent, planApply } from './apply-plan.ts';
import { withRendered } from './apply-rendered.ts';
import { beginRollouts, fieldsNow } from './apply-rollout.ts';
import { checkScope } from './apply-scope.ts';
import { checkCertificates, contentsOf, validateAll } from './apply-validation.ts';
import type { AttachmentDesk } from './attachment-desk.ts';
import type { CertificateDesk } from './certificate-desk.ts';

/** How often a plan is made anew because the fleet changed while its configurations were checked. */
const attemptsMax = 3;
/** How often the same request, sent before, is looked at while it is under way; and how long. */
const sameRequestLookMs = 200;
const sameRequestLooksMax = 150;
/** Agents try a scheduler again every five seconds at the latest. */
const agentsTimeoutMs = 6_000;

export interface ApplyRequest {
  readonly source: string;
  readonly text: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
  /** Whether instances may get another owner than they have. */
  readonly takeOver: boolean;
  /** Whether what changes configurations goes in batches, also where the spec does not ask for it. */
  readonly rollout?: boolean;
  /** Why, for the journal and the versions of configurations; left out where nobody said. */
  readonly reason?: string;
  /** Whose instances it may change, and prune; left out for all. */
  readonly owners?: readonly string[];
  /** What is in the files that the text names, in Base64, by their paths there. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** What is written where nobody said why. */
const appliedReason = 'applied';

export interface ApplyParts {
  readonly store: Store;
  readonly hands: Hands;
  readonly engine: OperationEngine;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly desk: AttachmentDesk;
  /** Whose certificates are; left out where there can be none. */
  readonly certificates?: Pick<CertificateDesk, 'deliver' | 'owners'> | undefined;
}

/** Works out anew, each time the fleet is read, what is to change. */
export type Planner = (fleet: FleetState, idOf: (name: InstanceName) => InstanceId) => ApplyPlan;

/** Who applies, and the name they gave to this request, if any. */
export interface Applicant {
  readonly who: string;
  readonly key: string | null;
}

/**
 * Takes a spec as a whole or not at all: every configuration is judged by the image that will run
 * it before the first row is written, and all rows are written in one transaction, together with
 * the operations that bring each instance there. While another operation holds an instance that
 * the spec changes, nothing is taken.
 *
 * @throws BridgeheadError SPEC_INVALID, CONFIG_REFUSED (both with lines and columns of the text),
 * VALIDATION_UNAVAILABLE, IMAGE_MISSING, HOST_NOT_READY for a deletion that cannot be proven,
 * OWNER_MISMATCH, FORBIDDEN, BUSY, IDEMPOTENCY_MISMATCH
 */
export async function apply(
  request: ApplyRequest,
  applicant: Applicant,
  parts: ApplyParts,
  planOf: Planner = plannerOf(request),
): Promise<ApplyAnswer> {
  const { store } = parts;
  const reason = request.reason || appliedReason;
  const ids = new Map<InstanceName, InstanceId>();
  const idOf = (name: InstanceName): InstanceId => {
    const id = ids.get(name) ?? (parts.newId() as InstanceId);
    ids.set(name, id);
    return id;
  };
  const { key } = applicant;
  const kept = async (tx: Transaction) =>
    key === null ? null : keptFor(tx, key, fingerprintOf(request));
  for (let attempt = 1; ; attempt += 1) {
    const { fleet, before } = await store.transact(
      async (tx) => ({
        before: await kept(tx),
        fleet: await tx.fleet(),
      }),
      'snapshot',
    );
    if (before !== null) return applyAnswer.parse(before);
    await heardHere(fleet, parts.hands);
    const plan = planOf(fleet, idOf);
    if (request.owners !== undefined) checkScope(plan, request.owners, request.source);
    if (!request.takeOver) checkOwners(plan, request.source);
    if (parts.certificates !== undefined) {
      checkCertificates(plan, await parts.certificates.owners(), request.source);
    }
    const warnings = await validateAll(plan, fleet, request.source, parts.hands, parts.desk);
    if (request.dryRun) return answerOf(plan, warnings, [], true);
    const removals = await removeAll(plan, reason, applicant, parts);
    // The same request was sent before, and is under way: it answers for both.
    if (removals instanceof UnderWay) {
      await ended(removals.operation, parts);
      continue;
    }
    const work = async (tx: Transaction) => {
      const view = viewOf(await tx.fleet(), parts.hands);
      const now = planOf(view.fleet, idOf);
      // The same request, sent again at another scheduler, may have been faster.
      const isOvertaken = signature(now) !== signature(plan) || (await kept(tx)) !== null;
      if (isOvertaken) throw new Overtaken();
      await checkLocks(tx, now, removals, parts);
      for (const { run } of removals) {
        // Whoever was given its addresses meanwhile has not let go of them.
        const held = await tx.assignment(run.word('instanceId') as InstanceId);
        if (held?.granted === true) throw new Overtaken();
        await forget(run, tx);
      }
      const operations = await write(now, { who: applicant.who, reason }, view, tx, parts);
      const answer = answerOf(plan, warnings, operations, false);
      const atMs = parts.clock.wallMs();
      if (key !== null) await keep(tx, key, fingerprintOf(request), answer, atMs);
      return { operations, answer };
    };
    const begun = await commit(removals, work, parts);
    if (begun !== null) {
      for (const operation of begun.operations) parts.engine.launch(operation);
      return begun.answer;
    }
    if (attempt >= attemptsMax) throw overtaken(request.source);
  }
}

// A scheduler that has just started has to be found by the agents, which others hear already.
async function heardHere({ hosts }: FleetState, hands: Hands): Promise<void> {
  const ready = hosts.filter(({ state }) => state === 'ready');
  await hands.until(() => ready.every(({ name }) => hands.isConnected(name)), agentsTimeoutMs);
}

// Whoever takes over another's instance has to say so: it is easily done by a copied name.
function checkOwners(plan: ApplyPlan, source: string): void {
  for (const { instance, before } of plan.instances) {
    const { name, owner } = instance.spec;
    if (before === null || before.spec.owner === owner) continue;
    throw new BridgeheadError(
      'OWNER_MISMATCH',
      `${source}: instance ${name} belongs to ${before.spec.owner}, not to ${owner}`,
      'Choose another name, or say that it changes hands: --take-over',
    );
  }
}

/** An instance that is off the wire and waits to be forgotten, and the way to end that. */
interface Removal {
  readonly run: Run;
  readonly settle: () => void;
}

// Every instance that the spec takes away lets go of its addresses first, by its host's own word.
async function removeAll(
  plan: ApplyPlan,
  reason: string,
  { who, key }: Applicant,
  { store, engine, hands, clock }: ApplyParts,
): Promise<readonly Removal[] | UnderWay> {
  if (plan.deletedInstances.length === 0) return [];
  const operations = await store.transact(async (tx): Promise<readonly Operation[] | UnderWay> => {
    const view = viewOf(await tx.fleet(), hands);
    const open = await tx.openOperations();
    const begun: Operation[] = [];
    for (const instance of plan.deletedInstances) {
      const object = instanceObject(instance.spec.name);
      const blocker = blockerOf([object], open);
      if (blocker !== null && isSameRequest(blocker, key)) return new UnderWay(blocker);
      if (blocker !== null) throw busy(object, blocker, await tx.sessions(), clock.wallMs());
      const start = startRemoval(view, instance, key);
      const ask = { kind: remove.kind, args: start.args, who, reason };
      begun.push(await engine.begin(tx, ask, start));
    }
    return begun;
  });
  if (operations instanceof UnderWay) return operations;
  const removals = operations.map((operation) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return new Promise<Removal>((begin) => {
      // The run stays attended until the apply has been written, or was not.
      void engine.attend(operation, async (run) => {
        begin({ run, settle: resolve });
        await promise;
      });
    });
  });
  const runs = await Promise.all(removals);
  const released = await Promise.allSettled(runs.map(({ run }) => letGo(run)));
  const failed = released.find((one) => one.status === 'rejected');
  if (failed === undefined) return runs;
  await undoAll(runs, failed.reason);
  throw told(failed.reason);
}

/** An operation of the very same request, which was sent before. */
class UnderWay {
  readonly operation: Operation;

  constructor(operation: Operation) {
    this.operation = operation;
  }
}

function isSameRequest({ kind, args }: Operation, key: string | null): boolean {
  return kind === remove.kind && key !== null && args['key'] === key;
}

async function ended({ id }: Operation, { store, clock }: ApplyParts): Promise<void> {
  for (let look = 0; look < sameRequestLooksMax; look += 1) {
    const now = await store.transact((tx) => tx.operation(id), 'snapshot');
    if (now === null || !isOpen(now)) return;
    await clock.sleep(sameRequestLookMs);
  }
}

// What the caller is told where the removals have gone to another scheduler, or the store is away.
function told(reason: unknown): unknown {
  if (!(reason instanceof Abandoned)) return reason;
  if (reason.cause instanceof BridgeheadError) return reason.cause;
  return new BridgeheadError(
    'LOCK_LOST',
    `what was begun for this spec was taken over by another scheduler: ${reason.message}`,
    'Nothing was changed. Apply the spec again.',
  );
}

// What fails leaves every instance as it was.
async function commit<Result>(
  removals: readonly Removal[],
  work: (tx: Transaction) => Promise<Result>,
  { store }: ApplyParts,
): Promise<Result | null> {
  try {
    const result = await store.transact(work);
    for (const { settle } of removals) settle();
    return result;
  } catch (error) {
    await undoAll(removals, error);
    if (error instanceof Overtaken) return null;
    throw told(error);
  }
}

/** The fleet is not any more what the plan was made for. */
class Overtaken extends Error {}

async function undoAll(removals: readonly Removal[], cause: unknown): Promise<void> {
  for (const { run, settle } of removals) {
    // One that cannot be undone here is for whoever finds its lease run out.
    await undoRemoval(run, cause)
      .catch((error: unknown) => {
        if (!(error instanceof Abandoned)) throw error;
      })
      .finally(settle);
  }
}

async function checkLocks(
  tx: Transaction,
  plan: ApplyPlan,
  removals: readonly Removal[],
  { clock }: ApplyParts,
): Promise<void> {
  const own = new Set(removals.map(({ run }) => run.operation.id));
  const open = (await tx.openOperations()).filter(({ id }) => !own.has(id));
  // Who gives other configurations to what a rollout is at would undo what that watches.
  const ofServices = [...plan.instances, ...plan.held]
    .filter(isOtherContent)
    .map(({ instance: { spec } }) => rolloutObject(spec.owner, spec.service));
  const ofInstances = plan.instances.map(({ instance }) => instanceObject(instance.spec.name));
  for (const object of [...ofInstances, ...ofServices]) {
    const blocker = blockerOf([object], open);
    if (blocker !== null) throw busy(object, blocker, await tx.sessions(), clock.wallMs());
  }
}

async function write(
  plan: ApplyPlan,
  author: Omit<Author, 'atMs'>,
  view: FleetView,
  tx: Transaction,
  { engine, clock }: ApplyParts,
): Promise<readonly Operation[]> {
  for (const pool of plan.pools) await tx.putPool(pool);
  for (const host of plan.hosts) await tx.putHost(host);
  const operations: Operation[] = [];
  for (const { instance, before } of plan.instances) {
    const contents = contentsOf(instance.spec, plan);
    if (contents.size > 0) await tx.putContents(contents);
    const assignment = view.fleet.assignments.find(({ instanceId }) => instanceId === instance.id);
    await putDesired(tx, instance, before, assignment ?? null, { ...author, atMs: clock.wallMs() });
    const kind = before === null ? create : configure;
    const start = kind.check(view, { instance: instance.spec.name });
    const ask = { kind: kind.kind, args: start.args, ...author };
    operations.push(await engine.begin(tx, ask, start));
  }
  for (const { instance } of plan.held) await tx.putContents(contentsOf(instance.spec, plan));
  operations.push(...(await beginRollouts(plan, author, tx, engine)));
  if (hadAttachments(plan)) await tx.dropUnusedContents();
  for (const name of plan.deletedPools) await tx.deletePool(name);
  const why = author.reason === appliedReason ? '' : `: ${author.reason}`;
  for (const change of plan.changes) {
    const { kind, name, action } = change;
    const fields = fieldsNow(plan, change);
    if (action === 'none' || (action === 'update' && fields.length === 0)) continue;
    const what = action === 'update' ? `: ${fields.map(({ field }) => field).join(', ')}` : '';
    const message = `${action}d by ${author.who}${what}${why}`;
    const atMs = clock.wallMs();
    await tx.addEvent({ atMs, kind: `${kind}.${action}d`, object: `${kind}/${name}`, message });
  }
  return operations;
}

function plannerOf(request: ApplyRequest): Planner {
  const entries = Object.entries(request.files ?? {});
  const files = new Map(entries.map(([path, text]) => [path, Buffer.from(text, 'base64')]));
  const asked = { ...request, files };
  return (fleet, idOf) => planApply(asked, fleet, idOf);
}

function hadAttachments({ instances, deletedInstances }: ApplyPlan): boolean {
  const before = [...instances.map((one) => one.before), ...deletedInstances];
  return before.some((one) => (one?.spec.attachments ?? []).length > 0);
}

function viewOf(fleet: FleetState, hands: Hands): FleetView {
  return {
    fleet,
    isConnected: (host) => hands.isConnected(host),
    observed: (host, id) => hands.observed(host, id),
  };
}

function answerOf(
  plan: ApplyPlan,
  warnings: readonly Finding[],
  operations: readonly Operation[],
  dryRun: boolean,
): ApplyAnswer {
  const begun = operations.map(({ id, kind, objects }) => ({ id, kind, objects: [...objects] }));
  return structuredClone({
    dryRun,
    changes: dryRun ? withRendered(plan) : plan.changes,
    warnings,
    operations: begun,
  }) as ApplyAnswer;
}

// The ids and grants that may differ between two readings are left out: they are no change.
function signature(plan: ApplyPlan): string {
  const { changes, instances, held, deletedInstances } = plan;
  return JSON.stringify([
    changes,
    [...instances, ...held].map(({ instance }) => instance),
    deletedInstances.map(({ id }) => id),
  ]);
}

function overtaken(source: string): BridgeheadError {
  return new BridgeheadError(
    'BUSY',
    `${source}: the fleet was changed by others each of the ${attemptsMax} times this was tried`,
    'Look at what changed (bridgehead events), then apply the spec again.',
  );
}
