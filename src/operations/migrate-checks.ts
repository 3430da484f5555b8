import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { Assignment, Instance } from '../domain/model.ts';
import { refusalsFor } from '../placement/candidates.ts';
import { checkHeardHere, type FleetView } from './kind.ts';

/** What a migration starts from, once every check has passed. */
export interface MigrationStart {
  readonly instance: Instance;
  readonly assignment: Assignment;
}

/**
 * The source and the target are looked at before anything is done, by what the hosts show and not
 * only by what the records say. The team of the origin story once moved an instance to the host it
 * was on; nothing here may.
 *
 * @throws BridgeheadError NOT_FOUND, ALREADY_THERE, SOURCE_MISMATCH, EPOCH_STALE, ADDRESS_LOCAL,
 * HOST_NOT_READY, HOST_CORDONED, IMAGE_MISSING, NO_PLACE or NO_CAPACITY, the first that applies
 */
export function checkMigration(view: FleetView, name: InstanceName, to: HostName): MigrationStart {
  const instance = view.fleet.instances.find(({ spec }) => spec.name === name);
  if (instance === undefined) {
    throw new BridgeheadError(
      'NOT_FOUND',
      `instance ${name} does not exist`,
      'See the instances there are: bridgehead get instances',
    );
  }
  if (!view.fleet.hosts.some((host) => host.name === to)) {
    throw new BridgeheadError(
      'NOT_FOUND',
      `instance ${name}: target host ${to} does not exist`,
      'See the hosts there are: bridgehead get hosts',
    );
  }
  const assignment = view.fleet.assignments.find(({ instanceId }) => instanceId === instance.id);
  if (assignment === undefined) {
    throw new BridgeheadError(
      'SOURCE_MISMATCH',
      `instance ${name} runs nowhere yet, so there is nothing to migrate`,
      `See why it has no host: bridgehead explain ${name}`,
    );
  }
  if (assignment.host === to) {
    throw new BridgeheadError(
      'ALREADY_THERE',
      `instance ${name} already runs on host ${to}`,
      `Name another host; see which would do: bridgehead explain ${name}`,
    );
  }
  checkHeardHere(view, assignment.host);
  checkSource(view, instance, assignment);
  checkHeardHere(view, to);
  checkTarget(view, instance, to);
  return { instance, assignment };
}

function checkSource(view: FleetView, instance: Instance, assignment: Assignment): void {
  const { name } = instance.spec;
  const { host, epoch } = assignment;
  if (!view.isConnected(host)) {
    throw new BridgeheadError(
      'SOURCE_MISMATCH',
      `instance ${name}: its host ${host} is silent, so nobody can tell whether it lets go`,
      `Bring the agent of ${host} back first: bridgehead describe host ${host}`,
    );
  }
  const observed = view.observed(host, instance.id);
  const isHeld = observed?.phase === 'serving' && observed.linkUp && observed.epoch === epoch;
  if (isHeld) return;
  if (observed?.linkUp === true && observed.epoch < epoch) {
    throw new BridgeheadError(
      'EPOCH_STALE',
      `instance ${name} serves on ${host} under epoch ${observed.epoch}, and should under ${epoch}`,
      `Its agent has not taken up the last change yet: bridgehead describe instance ${name}`,
    );
  }
  const seen =
    observed === null ? 'does not run there' : `is ${observed.phase} under epoch ${observed.epoch}`;
  throw new BridgeheadError(
    'SOURCE_MISMATCH',
    `instance ${name} should serve on ${host} under epoch ${epoch}, but ${seen}`,
    `See what is wrong with it: bridgehead describe instance ${name}`,
  );
}

function checkTarget(view: FleetView, instance: Instance, to: HostName): void {
  const { name } = instance.spec;
  const stray = view.observed(to, instance.id);
  if (stray !== null && (stray.linkUp || stray.addresses.length > 0)) {
    throw new BridgeheadError(
      'ADDRESS_LOCAL',
      `instance ${name}: target ${to} already has ${stray.addresses.join(', ') || 'its port up'}`,
      `Look at ${to} before anything moves there: bridgehead describe host ${to}`,
    );
  }
  const refusal = refusalsFor(view.fleet, instance, to)[0];
  if (refusal === undefined) return;
  throw new BridgeheadError(
    refusal.code,
    `instance ${name} cannot go to ${to}: ${refusal.message}`,
    `See which hosts would do: bridgehead explain ${name}`,
  );
}
