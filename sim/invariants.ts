// What must hold after every step, whatever happened: the rules of the design, as checks.

import type { InstanceId } from '../src/domain/ids.ts';
import { instanceObject, isOpen, type Operation } from '../src/domain/operation.ts';
import { Breach } from './breach.ts';
import { badConfigMark, type SimHost } from './host.ts';
import type { Tables } from './tables.ts';

/** Rule 1: no address is ever answered for by two hosts at once. */
export function checkOwners(hosts: readonly SimHost[]): void {
  const owners = new Map<string, string>();
  for (const host of hosts) {
    for (const address of host.answered) {
      const other = owners.get(address);
      if (other !== undefined) {
        throw new Breach('one owner', `${address} is on ${other} and on ${host.name}`);
      }
      owners.set(address, host.name);
    }
  }
}

/** Rule 6: a configuration that HAProxy refuses never reaches a running instance. */
export function checkConfigs(hosts: readonly SimHost[], { instances }: Tables): void {
  for (const { name, badConfig } of hosts) {
    if (badConfig !== null) throw new Breach('bad input', `${name} runs what HAProxy refuses`);
  }
  for (const { instance } of instances.values()) {
    if (!instance.rendered.includes(badConfigMark)) continue;
    throw new Breach('bad input', `${instance.spec.name} was taken with what HAProxy refuses`);
  }
}

/** Rules 2, 3, 4 and 7 on what one transaction changed. */
export function checkCommit(before: Tables, after: Tables): void {
  if (before.operations !== after.operations || before.locks !== after.locks) {
    checkLocks(after);
    for (const { operation } of after.operations.values()) {
      const was = before.operations.get(operation.id)?.operation ?? null;
      if (was === operation) continue;
      checkHistory(was, operation);
      if (operation.state === 'running' && was?.state !== 'running') {
        checkStart(before, operation);
        if (was?.state === 'queued') checkTurn(after, operation);
      }
    }
    for (const id of before.operations.keys()) {
      if (!after.operations.has(id)) throw new Breach('nothing is lost', `operation ${id} is gone`);
    }
  }
  if (before.assignments !== after.assignments) checkAssignments(before, after);
}

// Rule 2: those who wait for an object get it in the order they asked.
function checkTurn({ operations }: Tables, operation: Operation): void {
  const own = operations.get(operation.id)?.seq ?? 0;
  for (const { seq, operation: other } of operations.values()) {
    if (seq >= own || other.state !== 'queued') continue;
    const object = operation.objects.find((one) => other.objects.includes(one));
    if (object === undefined) continue;
    throw new Breach(
      'in order',
      `${operation.id} overtakes ${other.id}, which waits for ${object}`,
    );
  }
}

// Rule 2: one operation at a time on an object, and rule 4: none is left without its locks.
function checkLocks({ operations, locks }: Tables): void {
  const held = new Map<string, string>();
  const running = [...operations.values()].filter(({ operation }) => operation.state === 'running');
  for (const { operation } of running) {
    for (const object of operation.objects) {
      const other = held.get(object);
      if (other !== undefined) {
        throw new Breach('one operation', `${other} and ${operation.id} both run on ${object}`);
      }
      held.set(object, operation.id);
    }
  }
  for (const [object, id] of held) {
    if (locks.get(object)?.operationId === id) continue;
    throw new Breach('one operation', `${id} runs without its lock on ${object}`);
  }
  for (const { object, operationId } of locks.values()) {
    if (held.get(object) === operationId) continue;
    throw new Breach(
      'nothing is lost',
      `${object} is locked by ${operationId}, which does not run`,
    );
  }
}

function checkHistory(was: Operation | null, is: Operation): void {
  if (was !== null && !isOpen(was)) {
    throw new Breach('nothing is lost', `operation ${is.id} had ended and was written again`);
  }
  if (was !== null && is.token < was.token) {
    throw new Breach('one operation', `operation ${is.id} went back to token ${is.token}`);
  }
  if (was?.isForward === true && (!is.isForward || is.state === 'undone')) {
    throw new Breach('nothing is lost', `operation ${is.id} was undone past its switch`);
  }
  if (is.state === 'running' && is.observed === null) {
    throw new Breach('facts over guesses', `operation ${is.id} runs without having looked`);
  }
}

// Rule 3: the source is checked before anything is done.
function checkStart(before: Tables, { id, kind, args }: Operation): void {
  if (kind !== 'migrate') return;
  const { instanceId, source, target } = args;
  const held = before.assignments.get(String(instanceId));
  if (source === target) {
    throw new Breach('source before action', `${id} moves from ${String(source)} to itself`);
  }
  if (held === undefined || held.host !== source || !held.granted) {
    throw new Breach(
      'source before action',
      `${id} moves from ${String(source)}, which has no grant`,
    );
  }
}

// An assignment that exists is changed only under the instance's lock, unless its host is dead.
function checkAssignments(before: Tables, after: Tables): void {
  for (const [id, was] of before.assignments) {
    const is = after.assignments.get(id);
    if (is === was) continue;
    const name = before.instances.get(id)?.instance.spec.name ?? '';
    const object = instanceObject(name);
    if (before.locks.has(object) || after.locks.has(object)) continue;
    // What a dead host held and no standby takes over is left to placement.
    if (is === undefined && after.fences.has(was.host)) continue;
    throw new Breach('one operation', `the assignment of ${name} changed without its lock`);
  }
}

/**
 * What is wrong with a fleet that was left in peace: everything has come to its end, and every
 * instance is where it belongs and nowhere else.
 *
 * @returns null where all is well
 */
export function unsettled(hosts: readonly SimHost[], tables: Tables): string | null {
  for (const { operation } of tables.operations.values()) {
    if (isOpen(operation))
      return `operation ${operation.id} (${operation.kind}) is ${operation.state}`;
  }
  if (tables.locks.size > 0) return `locks are left: ${[...tables.locks.keys()].join(', ')}`;
  if (tables.fences.size > 0) return `${[...tables.fences.keys()].join(', ')} is held for dead`;
  const standbys = Map.groupBy(tables.standbys.values(), ({ instanceId }) => instanceId);
  const hasRoom = [...tables.hosts.values()].every(({ capacity }) => capacity === null);
  for (const { instance } of tables.instances.values()) {
    const { id, spec, addresses, configHash } = instance;
    const held = tables.assignments.get(id);
    if (held === undefined && !isCrowdedOut(spec.tier, tables)) return `${spec.name} has no host`;
    if (held?.granted === false) return `${spec.name} was taken back and never given again`;
    const copies = (standbys.get(id) ?? []).map(({ host }) => host);
    if (held !== undefined && copies.includes(held.host))
      return `${spec.name} has its standby on its own host`;
    const wanted = Math.min(spec.standbys, hosts.length - 1);
    if (copies.length > wanted || (copies.length < wanted && hasRoom))
      return `${spec.name} has ${copies.length} standbys, not ${spec.standbys}`;
    for (const host of hosts) {
      const isHome = host.name === held?.host;
      const answers = addresses.filter(({ address }) => host.answered.includes(address)).length;
      if (isHome && answers !== addresses.length) return `${spec.name} is silent on ${host.name}`;
      const isCopy = copies.includes(host.name);
      const isHere = host.containers.has(spec.name);
      if (!isHome && answers > 0) return `${spec.name} answers from ${host.name} too`;
      if (!isHome && !isCopy && isHere) return `${spec.name} is left on ${host.name}`;
      if ((isHome || isCopy) && host.loaded.get(id) !== configHash)
        return `${spec.name} runs what is old on ${host.name}`;
    }
  }
  const known = new Set([...tables.instances.values()].map(({ instance }) => instance.spec.name));
  for (const host of hosts) {
    const stray = [...host.containers.keys()].find((name) => !known.has(name));
    if (stray !== undefined) return `${stray} was deleted and is left on ${host.name}`;
  }
  return null;
}

// Every host is full, and of nothing that matters less.
function isCrowdedOut(tier: number, tables: Tables): boolean {
  const tierOf = (id: InstanceId) => tables.instances.get(id)?.instance.spec.tier ?? 0;
  const running = [...tables.assignments.values()];
  const copies = [...tables.standbys.values()];
  const isFull = [...tables.hosts.values()].every(({ name, capacity }) => {
    const taken = [...running, ...copies].filter(({ host }) => host === name).length;
    return capacity !== null && taken >= capacity.instances;
  });
  // A copy gives way to what matters as much, too; nothing of tier 0 does.
  const stays = (copy: number) => copy === 0 || copy < tier;
  return (
    isFull &&
    running.every(({ instanceId }) => tierOf(instanceId) <= tier) &&
    copies.every(({ instanceId }) => stays(tierOf(instanceId)))
  );
}
