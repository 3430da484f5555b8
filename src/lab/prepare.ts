import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { BridgeheadError } from '../domain/errors.ts';
import { readSpec } from './fleet.ts';
import { JournalFile } from './journal-file.ts';
import { type Lab, labOf } from './lab-handle.ts';
import type { LabPaths } from './paths.ts';
import { checkNoForeignNamespaces, freePorts } from './preflight.ts';
import { findPart, signalAll } from './processes.ts';
import { schedulersDefault, schedulersMax } from './schedulers.ts';
import { hostsDefault, hostsMax } from './topology.ts';
import type { LabUpOptions } from './up.ts';

/** TCP port of the lab's API on 127.0.0.1 unless told. */
export const labPortDefault = 7080;

/**
 * The lab with its number of hosts and schedulers and its port as the options want them, from its journal or with
 * a new one. Everything that can be wrong with the options is found here, before the journal is
 * written and anything is made.
 *
 * @throws BridgeheadError REQUEST_INVALID, IN_USE or ALREADY_THERE
 */
export async function prepareLab(options: LabUpOptions, paths: LabPaths): Promise<Lab> {
  const { hosts, schedulers = schedulersDefault } = options;
  if (hosts !== undefined && !(Number.isInteger(hosts) && hosts >= 1 && hosts <= hostsMax)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `a lab cannot have ${hosts} hosts`,
      `Ask for 1 to ${hostsMax} hosts with --hosts.`,
    );
  }
  if (!(Number.isInteger(schedulers) && schedulers >= 1 && schedulers <= schedulersMax)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `a lab cannot have ${schedulers} schedulers`,
      `Ask for 1 to ${schedulersMax} schedulers with --schedulers.`,
    );
  }
  const journal = JournalFile.open(paths.journal);
  checkNoForeignNamespaces(paths.name, new Set(journal?.state.namespaces.keys()));
  if (options.spec !== null) await readSpec(options.spec);
  if (journal === null) return begin(options, paths);
  await adjust(journal, paths, options);
  return labOf(journal, paths, options);
}

async function begin(options: LabUpOptions, paths: LabPaths): Promise<Lab> {
  const schedulers = options.schedulers ?? schedulersDefault;
  const port = await freePorts(options.port ?? labPortDefault, schedulers);
  // Others have to get through: the scheduler's database runs as a user of its own.
  await mkdir(paths.folder, { recursive: true, mode: 0o755 });
  const id = randomBytes(4).toString('hex');
  const hosts = options.hosts ?? hostsDefault;
  const journal = JournalFile.begin(paths.journal, {
    kind: 'lab',
    id,
    name: paths.name,
    hosts,
    schedulers,
    port,
  });
  return labOf(journal, paths, options);
}

async function adjust(journal: JournalFile, paths: LabPaths, options: LabUpOptions): Promise<void> {
  const { id, name, hosts: had, schedulers, port: before } = journal.state;
  const hosts = options.hosts ?? had;
  if (hosts < had) {
    throw new BridgeheadError(
      'IN_USE',
      `lab ${name} has ${had} hosts and cannot shrink to ${hosts}`,
      'Take it down first (bridgehead lab down), or leave --hosts out.',
    );
  }
  if (options.schedulers !== undefined && options.schedulers !== schedulers) {
    throw new BridgeheadError(
      'IN_USE',
      `lab ${name} was made with --schedulers ${schedulers}, and that cannot change to ${options.schedulers}`,
      'Take it down first (bridgehead lab down), or leave --schedulers out.',
    );
  }
  const running = findPart(id, labOf(journal, paths, options).parts.proxy);
  const wanted = options.port ?? before;
  const isKept = wanted === before || wanted === 0;
  const port =
    isKept && running !== null ? before : await freePorts(isKept ? before : wanted, schedulers);
  if (port !== before && running !== null) signalAll([running], 'SIGKILL');
  if (hosts !== had || port !== before) {
    journal.add({ kind: 'lab', id, name, hosts, schedulers, port });
  }
}
