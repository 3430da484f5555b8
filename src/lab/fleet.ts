// What the lab does with its fleet through the scheduler's API: a first spec, and waiting until it
// serves.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { applyAnswer, explainView, type InstanceView, instanceView } from '../protocol/api.ts';
import { runCommand } from '../system/command.ts';
import { programCommand } from './commands.ts';
import type { Lab } from './lab-handle.ts';
import { namespacePath } from './namespaces.ts';
import { plainEnvironment } from './processes.ts';
import type { StepEnd } from './steps.ts';
import { until } from './until.ts';

const applyLimitMs = 120_000;
const servingLimitMs = 60_000;
const answerLimitMs = 10_000;
/** How long an instance may be without a host, once every host is ready. */
const placingLimitMs = 5_000;

const answers = z.array(
  z.object({ address: z.string(), port: z.int(), error: z.string().nullable() }),
);

/** The text of a spec. @throws BridgeheadError REQUEST_INVALID when it cannot be read */
export async function readSpec(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `cannot read the spec ${path}: ${(cause as Error).message}`,
      'Name a file that is there, or bring the lab up with --no-example.',
      { cause },
    );
  }
}

/** Applies the spec once in the life of a lab: what a person changed since is not put back. */
export async function applySpec(lab: Lab, path: string | null): Promise<StepEnd> {
  if (path === null) return { isSame: true, detail: 'no spec given' };
  if (lab.journal.state.applied !== null) {
    return {
      isSame: true,
      detail: 'a spec was applied before; apply others with bridgehead apply',
    };
  }
  const source = basename(path);
  const body = { source, text: await readSpec(path) };
  const answer = await lab.api.call(applyAnswer, 'POST', '/v1/apply', body, applyLimitMs);
  const instances = answer.changes.filter(({ kind }) => kind === 'instance');
  lab.journal.add({ kind: 'applied', instances: instances.map(({ name }) => name) });
  return { isSame: false, detail: `${source}: ${answer.changes.length} objects` };
}

/**
 * Waits until every instance of the fleet serves with the configuration it should have.
 *
 * @returns how many there are
 * @throws BridgeheadError LAB_FAILED with those that do not within a minute, and why; NO_PLACE as
 * soon as it is sure that one has no host that fits
 */
export async function awaitServing(lab: Lab): Promise<number> {
  let instances: readonly InstanceView[] = [];
  let placedMs = performance.now();
  const isDone = await until(servingLimitMs, async () => {
    instances = await listInstances(lab);
    const homeless = instances.filter(({ phase }) => phase === 'pending' || phase === 'shed');
    if (homeless.length === 0) placedMs = performance.now();
    if (performance.now() - placedMs > placingLimitMs) throw await noPlace(lab, homeless);
    return instances.every(isServing);
  });
  if (isDone) return instances.length;
  const waiting = instances.filter((instance) => !isServing(instance));
  const list = waiting.map(({ name, phase, host, problem }) => {
    const why = problem === null ? '' : ` (${problem.message})`;
    return `${name} is ${phase} on ${host ?? 'no host'}${why}`;
  });
  throw new BridgeheadError(
    'LAB_FAILED',
    `after ${servingLimitMs / 1_000} s ${list.join('; ')}`,
    `Ask why: bridgehead describe instance ${waiting[0]?.name ?? 'NAME'}; logs are in ${lab.paths.logs}.`,
  );
}

// Every host was ready before this is asked, so that waiting longer brings no other.
async function noPlace(
  lab: Lab,
  instances: readonly Pick<InstanceView, 'name'>[],
): Promise<BridgeheadError> {
  const reasons = await Promise.all(
    instances.map(async ({ name }) => {
      const { candidates } = await lab.api.call(
        explainView,
        'GET',
        `/v1/instances/${name}/explain`,
      );
      const refusals = candidates.flatMap(({ host, refusals }) =>
        refusals.map((refusal) => `${host}: ${refusal}`),
      );
      return `${name} fits on no host (${refusals.join('; ') || 'no reason given'})`;
    }),
  );
  return new BridgeheadError(
    'NO_PLACE',
    reasons.join('; '),
    'Give the lab more hosts (lab up --hosts N), or change the spec and apply it.',
  );
}

function isServing({ phase, loadedHash, configHash }: InstanceView): boolean {
  return phase === 'serving' && loadedHash === configHash;
}

/**
 * Asks every address of every instance from the client's namespace, for ten seconds at most.
 *
 * @returns how many were asked; all of them answered
 * @throws BridgeheadError LAB_FAILED with those that stayed silent
 */
export async function checkFromClient(lab: Lab): Promise<number> {
  const targets = (await listInstances(lab)).flatMap(targetsOf);
  if (targets.length === 0) return 0;
  const net = `--net=${namespacePath(lab.topology.client.namespace)}`;
  const command = ['nsenter', net, ...programCommand('ask-addresses')] as const;
  const result = await runCommand([...command, String(answerLimitMs), JSON.stringify(targets)], {
    timeoutMs: answerLimitMs * 2,
    env: plainEnvironment(),
  });
  if (result.code !== 0) throw new Error(`cannot ask addresses: ${result.stderr.trim()}`);
  const silent = answers
    .parse(JSON.parse(result.stdout))
    .filter(({ error }) => error !== null)
    .map(({ address, port, error }) => `${address} port ${port}: ${error ?? ''}`);
  if (silent.length === 0) return targets.length;
  throw new BridgeheadError(
    'LAB_FAILED',
    `these do not answer the client: ${silent.join('; ')}`,
    'Look from there: bridgehead lab exec client -- ip neigh',
  );
}

/**
 * Each address of an instance with the first port that its configuration binds by number; none for
 * a configuration that binds no such port.
 */
export function targetsOf(
  instance: Pick<InstanceView, 'addresses' | 'config'>,
): readonly { readonly address: string; readonly port: number }[] {
  const port = /^\s*bind\s+[^\s,]*?:(\d+)/m.exec(instance.config)?.[1];
  if (port === undefined) return [];
  return instance.addresses.map(({ address }) => ({ address, port: Number(port) }));
}

async function listInstances(lab: Lab): Promise<readonly InstanceView[]> {
  const list = z.object({ items: z.array(instanceView) });
  return (await lab.api.call(list, 'GET', '/v1/instances')).items;
}
