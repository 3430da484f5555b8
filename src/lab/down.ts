import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import { removeCgroups } from './cgroups.ts';
import { shimSocketsBelow } from './host-power.ts';
import { JournalFile } from './journal-file.ts';
import { type Lab, type LabOptions, labName, labOf, scopeOfLab } from './lab-handle.ts';
import { withLock } from './lock.ts';
import { unmountBelow } from './mounts.ts';
import { deleteByName } from './namespaces.ts';
import { postgresOf } from './parts.ts';
import { type LabPaths, labPaths } from './paths.ts';
import { findPart, findProcesses, killAll, signalAll } from './processes.ts';
import { type Report, runStep, type StepEnd } from './steps.ts';
import { until } from './until.ts';

/** An immediate shutdown waits for nobody: 0.2 s on two busy cores. */
const postgresLimitMs = 5_000;

/**
 * Takes the lab down: exactly what its journal and its id say is its own, whatever state that is
 * in. May be interrupted and run again; where there is nothing, a step `files` says so.
 */
export async function labDown(options: LabOptions, report: Report): Promise<void> {
  const paths = labPaths(labName(options));
  await withLock(paths.name, async () => {
    const journal = JournalFile.open(paths.journal);
    if (journal === null) await runStep(report, 'files', () => removeRemains(paths));
    else await takeDown(labOf(journal, paths, options), report);
  });
}

async function takeDown(lab: Lab, report: Report): Promise<void> {
  const { paths, journal } = lab;
  await runStep(report, 'processes', async () => {
    const before = await shimSockets(paths, journal);
    const running = findProcesses(scopeOfLab(journal)).length;
    await stopPostgres(lab);
    await killAll(scopeOfLab(journal));
    const sockets = new Set([...before, ...(await shimSockets(paths, journal))]);
    for (const path of sockets) await rm(path, { force: true });
    return { isSame: running === 0, detail: `${running} ended` };
  });
  await runStep(report, 'mounts', async () => {
    const count = await unmountBelow(paths.folder);
    return { isSame: count === 0, detail: `${count} unmounted` };
  });
  await runStep(report, 'namespaces', async () => {
    const names = [...journal.state.namespaces.keys()];
    for (const name of names) {
      await deleteByName(name);
      journal.add({ kind: 'namespace', name, state: 'gone' });
    }
    return { isSame: names.length === 0, detail: `${names.length} deleted` };
  });
  await runStep(report, 'cgroups', async () => {
    const count = await removeCgroups(journal.state.id, null);
    return { isSame: count === 0, detail: `${count} removed` };
  });
  await runStep(report, 'files', async () => {
    await removeFiles(paths);
    return { isSame: false, detail: paths.folder };
  });
}

// Killed, it would leave its shared memory behind, in the kernel and in /dev/shm; its own immediate
// shutdown (SIGQUIT) takes that along. What keeps it goes first, or would start it anew.
async function stopPostgres({ parts, state }: Lab): Promise<void> {
  const keepers = parts.database === null ? parts.schedulers : [parts.database];
  signalAll(
    keepers.flatMap((part) => findPart(state.id, part) ?? []),
    'SIGKILL',
  );
  const postgres = postgresOf(parts);
  const found = findPart(state.id, postgres);
  if (found === null) return;
  signalAll([found], 'SIGQUIT');
  await until(postgresLimitMs, async () => findPart(state.id, postgres) === null);
}

async function shimSockets(paths: LabPaths, journal: JournalFile): Promise<readonly string[]> {
  const hosts = Array.from({ length: journal.state.hosts }, (_, index) => `host-${index + 1}`);
  const found = await Promise.all(hosts.map((host) => shimSocketsBelow(paths.host(host).run)));
  return found.flat();
}

// The journal goes last, so that an interrupted take-down can be taken up again.
async function removeFiles(paths: LabPaths): Promise<void> {
  for (const name of await readdir(paths.folder)) {
    const path = join(paths.folder, name);
    if (path !== paths.journal) await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
  await rm(paths.journal, { force: true });
  await rmdir(paths.folder);
  if (process.env['BRIDGEHEAD_LAB_DIR'] === undefined) {
    // Another lab may still be in there.
    await rmdir(dirname(paths.folder)).catch(() => undefined);
  }
}

// No journal: either nothing was ever made, or a take-down was cut off at its very end. A folder
// with anything else in it is not ours to delete.
async function removeRemains(paths: LabPaths): Promise<StepEnd> {
  const nothing = `there is no lab called ${paths.name}`;
  if (!existsSync(paths.folder)) return { isSame: true, detail: nothing };
  const names = await readdir(paths.folder);
  const other = names.filter((name) => join(paths.folder, name) !== paths.journal);
  if (other.length > 0) {
    throw new BridgeheadError(
      'LAB_FAILED',
      `${paths.folder} has no journal of a lab, but ${other.join(', ')} in it`,
      'Look at what it is, and delete it by hand.',
    );
  }
  await removeFiles(paths);
  return { isSame: false, detail: paths.folder };
}
