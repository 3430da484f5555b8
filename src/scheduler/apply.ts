import type { Clock } from '../domain/clock.ts';
import { BridgeheadError, type Finding } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { locateFinding } from '../haproxy/locate.ts';
import { validateResult } from '../protocol/frames.ts';
import { configFindings } from '../spec/config-origin.ts';
import type { Change } from '../spec/diff.ts';
import type { FleetState, Store, Transaction } from '../store/store.ts';
import type { Agents } from './agents.ts';
import { type ApplyPlan, type PlannedInstance, planApply } from './apply-plan.ts';
import { busy } from './busy.ts';
import { grant, hasLetGo, takeBack } from './release.ts';

const validateTimeoutMs = 30_000;
const validationsAtOnce = 4;
const releaseTimeoutMs = 10_000;
/** How often a plan is made anew because the fleet changed while its configurations were checked. */
const attemptsMax = 3;

export interface ApplyRequest {
  readonly source: string;
  readonly text: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
}

export interface ApplyParts {
  readonly store: Store;
  readonly agents: Agents;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly push: () => Promise<void>;
}

interface Applied {
  readonly changes: readonly Change[];
  readonly warnings: readonly Finding[];
}

/**
 * Takes a spec as a whole or not at all: every configuration is judged by the image that will run
 * it before the first row is written, and all rows are written in one transaction.
 *
 * @throws BridgeheadError SPEC_INVALID, CONFIG_REFUSED (both with lines and columns of the text),
 * VALIDATION_UNAVAILABLE, IMAGE_MISSING, HOST_NOT_READY for a deletion that cannot be proven, BUSY
 */
export async function apply(
  request: ApplyRequest,
  who: string,
  parts: ApplyParts,
): Promise<Applied> {
  const ids = new Map<InstanceName, InstanceId>();
  const idOf = (name: InstanceName): InstanceId => {
    const id = ids.get(name) ?? (parts.newId() as InstanceId);
    ids.set(name, id);
    return id;
  };
  for (let attempt = 1; ; attempt += 1) {
    const fleet = await parts.store.transact((tx) => tx.fleet());
    const plan = planApply(request, fleet, idOf);
    const warnings = await validateAll(plan, fleet, request.source, parts);
    if (request.dryRun) return { changes: plan.changes, warnings };
    await letGo(plan, fleet, parts);
    const isWritten = await parts.store.transact(async (tx) => {
      const now = planApply(request, await tx.fleet(), idOf);
      if (signature(now) !== signature(plan)) return false;
      await write(now, who, tx, parts.clock.wallMs());
      return true;
    });
    if (isWritten) return { changes: plan.changes, warnings };
    if (attempt === attemptsMax) throw overtaken(request.source);
  }
}

// Judged are configurations that are new to the fleet, and old ones that meet a new image.
async function validateAll(
  plan: ApplyPlan,
  fleet: FleetState,
  source: string,
  parts: ApplyParts,
): Promise<readonly Finding[]> {
  const toJudge = plan.instances.filter(
    ({ instance, before }) =>
      before?.configHash !== instance.configHash || before.spec.image !== instance.spec.image,
  );
  const warnings: Finding[] = [];
  const faults: Finding[] = [];
  for (let first = 0; first < toJudge.length; first += validationsAtOnce) {
    const part = toJudge.slice(first, first + validationsAtOnce);
    const results = await Promise.all(part.map((one) => validateOne(one, plan, fleet, parts)));
    for (const result of results) {
      warnings.push(...result.warnings);
      faults.push(...result.faults);
    }
  }
  if (faults.length === 0) return warnings;
  const head = faults[0];
  throw new BridgeheadError(
    'CONFIG_REFUSED',
    `${source}:${head?.line}:${head?.column}: HAProxy refuses the configuration of ${head?.object}: ${head?.message}`,
    'Correct the configuration and apply it again; nothing was changed.',
    { findings: [...faults, ...warnings] },
  );
}

async function validateOne(
  { instance, rendered }: PlannedInstance,
  plan: ApplyPlan,
  fleet: FleetState,
  { agents }: ApplyParts,
): Promise<{ readonly faults: readonly Finding[]; readonly warnings: readonly Finding[] }> {
  const { name, image, config } = instance.spec;
  const judge = judgeFor(image, name, fleet, agents);
  const body = { kind: 'validate', image, config: rendered.text } as const;
  const verdict = validateResult.parse(await agents.ask(judge, body, validateTimeoutMs));
  const located = (severity: 'alert' | 'warning') =>
    configFindings(
      plan.parsed,
      name,
      verdict.findings
        .filter((finding) => finding.severity === severity)
        .map((finding) => locateFinding(finding, rendered, config)),
    );
  const alerts = located('alert');
  const silent = { line: 1, column: 1, message: 'it gives no reason', object: `instance ${name}` };
  const faults = verdict.valid ? [] : alerts.length > 0 ? alerts : [silent];
  return { faults, warnings: located('warning') };
}

function judgeFor(image: string, name: InstanceName, fleet: FleetState, agents: Agents): HostName {
  const ready = fleet.hosts.filter((host) => agents.isConnected(host.name));
  const judge = ready.find(({ facts }) =>
    facts?.images.some(({ reference }) => reference === image),
  );
  if (judge !== undefined) return judge.name;
  if (ready.length === 0) {
    throw new BridgeheadError(
      'VALIDATION_UNAVAILABLE',
      `instance ${name}: no host is connected that could judge its configuration with image ${image}`,
      'Let a host join whose Docker Engine holds the image, then apply the spec again.',
    );
  }
  throw new BridgeheadError(
    'IMAGE_MISSING',
    `instance ${name}: none of the ${ready.length} connected hosts holds image ${image}`,
    'Load the image into the Docker Engine of the hosts that are to run it, or name one they hold.',
  );
}

// An instance that goes may only be forgotten once its host has taken the addresses off the wire:
// the next instance to get them must not be their second owner.
async function letGo(plan: ApplyPlan, fleet: FleetState, parts: ApplyParts): Promise<void> {
  const leaving = plan.deletedInstances.flatMap((instance) => {
    const assignment = fleet.assignments.find(({ instanceId }) => instanceId === instance.id);
    return assignment === undefined ? [] : [{ instance, assignment }];
  });
  for (const { instance, assignment } of leaving) {
    if (!parts.agents.isConnected(assignment.host)) throw notReleased(instance, assignment.host);
  }
  if (leaving.length === 0) return;
  const epochs = await parts.store.transact(async (tx) => {
    const moving = await tx.unfinishedMigrations();
    for (const { instance } of leaving) {
      const migration = moving.find(({ instanceId }) => instanceId === instance.id);
      if (migration !== undefined) throw busy(instance.spec.name, migration, parts.clock.wallMs());
    }
    const taken = new Map<InstanceId, Epoch>();
    for (const { instance, assignment } of leaving) {
      taken.set(instance.id, await takeBack(tx, instance.id, assignment.host));
    }
    return taken;
  });
  await parts.push();
  for (const { instance, assignment } of leaving) {
    const epoch = epochs.get(instance.id) ?? assignment.epoch;
    const isOff = () => hasLetGo(parts.agents, assignment.host, instance.id, epoch);
    if (await parts.agents.until(isOff, releaseTimeoutMs)) continue;
    await parts.store.transact(async (tx) => {
      for (const one of leaving) await grant(tx, one.instance.id, one.assignment.host);
    });
    await parts.push();
    throw notReleased(instance, assignment.host);
  }
}

async function write(plan: ApplyPlan, who: string, tx: Transaction, atMs: number): Promise<void> {
  for (const { id } of plan.deletedInstances) await tx.deleteInstance(id);
  for (const pool of plan.pools) await tx.putPool(pool);
  for (const host of plan.hosts) await tx.putHost(host);
  const { assignments } = await tx.fleet();
  for (const { instance, before } of plan.instances) {
    await tx.putInstance(instance);
    const assignment = assignments.find(({ instanceId }) => instanceId === instance.id);
    const had = new Set(before?.addresses.map(({ address }) => address));
    const isNewAddress = instance.addresses.some(({ address }) => !had.has(address));
    // A new epoch makes the host ask the wire about the new address before it answers for it.
    if (assignment?.granted === true && isNewAddress) await grant(tx, instance.id, assignment.host);
  }
  for (const name of plan.deletedPools) await tx.deletePool(name);
  for (const { kind, name, action, fields } of plan.changes) {
    if (action === 'none') continue;
    const what = action === 'update' ? `: ${fields.map(({ field }) => field).join(', ')}` : '';
    const message = `${action}d by ${who}${what}`;
    await tx.addEvent({ atMs, kind: `${kind}.${action}d`, object: `${kind}/${name}`, message });
  }
}

// The ids and grants that may differ between two readings are left out: they are no change.
function signature(plan: ApplyPlan): string {
  const { changes, instances, deletedInstances } = plan;
  return JSON.stringify([
    changes,
    instances.map(({ instance }) => instance),
    deletedInstances.map(({ id }) => id),
  ]);
}

function notReleased(instance: Instance, host: HostName): BridgeheadError {
  return new BridgeheadError(
    'HOST_NOT_READY',
    `instance ${instance.spec.name} cannot be deleted: its host ${host} does not confirm that it let go of the addresses`,
    `Bring the agent of ${host} back and apply again: bridgehead describe host ${host}`,
  );
}

function overtaken(source: string): BridgeheadError {
  return new BridgeheadError(
    'BUSY',
    `${source}: the fleet was changed by others each of the ${attemptsMax} times this was tried`,
    'Look at what changed (bridgehead events), then apply the spec again.',
  );
}
