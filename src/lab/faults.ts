// Faults that a host can be given, and their end. Each is in the journal before it happens.

import { BridgeheadError } from '../domain/errors.ts';
import {
  awaitConnected,
  cutPower,
  freshBoot,
  giveImage,
  startAgent,
  startEngine,
} from './host-power.ts';
import { hostOf, type Lab, type LabOptions, labName, openLab, scopeOfHost } from './lab-handle.ts';
import { sayLastWords } from './last-words.ts';
import { withLock } from './lock.ts';
import { applyPartitions, deleteNamespace, makeNamespaces, unplug } from './namespaces.ts';
import type { KernelFault } from './panic-machine/faults.ts';
import { PanicMachine, placeOf } from './panic-machine/machine.ts';
import { checkMachineTools } from './preflight.ts';
import { findPart, findProcesses, signalAll } from './processes.ts';
import { type Report, runStep } from './steps.ts';
import type { LabNode, PartitionFrom } from './topology.ts';
import { until } from './until.ts';

const stopLimitMs = 5_000;

/**
 * Cuts the host's power: first its cable, so that not a frame leaves it any more, then every
 * process and its kernel state (namespace, mounts). Its disk stays. A host that is off stays off.
 *
 * @param isPanic its kernel says its last words by netconsole before
 */
export async function labCrash(options: LabOptions, host: string, isPanic = false): Promise<void> {
  await withHost(options, host, async (lab, node) => {
    if (isPanic) await sayLastWords(lab, node);
    await takeAway(lab, node);
  });
}

/**
 * Boots a virtual machine on the host's bridge, whose kernel really panics and tells of it by
 * netconsole. The host is taken away as a crash does as soon as that kernel has said its last.
 *
 * @throws BridgeheadError PREREQUISITE_MISSING, HOST_NOT_READY for a host that is down
 */
export async function labPanic(
  options: LabOptions,
  host: string,
  fault: KernelFault,
): Promise<void> {
  checkMachineTools();
  await withHost(options, host, async (lab, node) => {
    refuseCrashed(lab, node);
    await using machine = await PanicMachine.boot(placeOf(lab, node));
    await machine.die(fault);
    await takeAway(lab, node);
  });
}

async function takeAway(lab: Lab, node: LabNode): Promise<void> {
  lab.journal.add({ kind: 'crashed', host: node.name });
  await unplug(node.name, lab.topology);
  await cutPower(lab, node);
  await deleteNamespace(node, lab.topology, lab.journal);
}

/**
 * Cuts the host off the network: from `all` (its port at the switch goes down), from `control` (the
 * scheduler) or from its `peers` (the other hosts). Everything on it runs on.
 */
export async function labPartition(
  options: LabOptions,
  host: string,
  from: PartitionFrom,
): Promise<void> {
  await withHost(options, host, async (lab, node) => {
    refuseCrashed(lab, node);
    lab.journal.add({ kind: 'partitioned', host: node.name, from });
    const { partitioned, crashed } = lab.journal.state;
    await applyPartitions(lab.topology, partitioned, crashed);
  });
}

/**
 * Stops all of the host's user space, as a machine that ran out of memory or of working disks
 * does: its kernel still answers for its addresses and forwards frames.
 */
export async function labHang(options: LabOptions, host: string): Promise<void> {
  await withHost(options, host, async (lab, node) => {
    refuseCrashed(lab, node);
    lab.journal.add({ kind: 'hung', host: node.name });
    const isStopped = await until(stopLimitMs, async () => {
      const going = findProcesses(scopeOfHost(lab, node)).filter(({ state }) => state !== 'T');
      signalAll(going, 'SIGSTOP');
      return going.length === 0;
    });
    if (isStopped) return;
    throw new BridgeheadError(
      'LAB_FAILED',
      `some processes of ${node.name} did not stop within ${stopLimitMs / 1_000} s`,
      `Undo it (bridgehead lab heal ${node.name}) and try again.`,
    );
  });
}

/** Undoes every fault of the host and starts what is missing of it. */
export async function labHeal(options: LabOptions, host: string, report: Report): Promise<void> {
  await withHost(options, host, async (lab, node) => {
    const parts = lab.parts.hosts.find((candidate) => candidate.node.name === node.name);
    if (parts === undefined) throw new Error(`host ${node.name} has no parts`);
    await runStep(report, 'faults', async () => ({ isSame: !(await healHost(lab, node.name)) }));
    await runStep(report, 'engine', async () => {
      const isStarted = await startEngine(lab, parts);
      return { isSame: !(await giveImage(lab, parts)) && !isStarted };
    });
    await runStep(report, 'agent', async () => {
      const startedMs = await startAgent(lab, parts);
      const isSame = startedMs === null;
      // With no scheduler there is nobody to be connected to; the host is as well as it can be.
      if (lab.parts.schedulers.every((part) => findPart(lab.state.id, part) === null)) {
        return { isSame, detail: 'no scheduler runs' };
      }
      await awaitConnected(lab, parts, startedMs);
      return { isSame };
    });
  });
}

/**
 * The kernel's part of healing: power, cable and SIGCONT. Starts no process.
 *
 * @returns false where the host had no fault
 */
export async function healHost(lab: Lab, host: string): Promise<boolean> {
  const { crashed, hung, partitioned } = lab.journal.state;
  const isWell = !crashed.has(host) && !hung.has(host) && !partitioned.has(host);
  const node = hostOf(lab, host);
  const others = new Set(crashed);
  others.delete(host);
  const made = await makeNamespaces(lab.topology, lab.journal, others);
  for (const booted of lab.topology.hosts.filter(({ name }) => made.includes(name))) {
    await freshBoot(lab, booted);
  }
  signalAll(findProcesses(scopeOfHost(lab, node)), 'SIGCONT');
  const partitions = new Map(partitioned);
  partitions.delete(host);
  await applyPartitions(lab.topology, partitions, others);
  if (!isWell) lab.journal.add({ kind: 'healed', host });
  return !isWell;
}

function refuseCrashed(lab: Lab, node: LabNode): void {
  if (!lab.state.crashed.has(node.name)) return;
  throw new BridgeheadError(
    'HOST_NOT_READY',
    `${node.name} is crashed: it has neither a cable nor processes`,
    `Bring it back first: bridgehead lab heal ${node.name}`,
  );
}

async function withHost(
  options: LabOptions,
  host: string,
  work: (lab: Lab, node: LabNode) => Promise<void>,
): Promise<void> {
  await withLock(labName(options), async () => {
    const lab = openLab(options);
    await work(lab, hostOf(lab, host));
  });
}
