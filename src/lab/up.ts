import { rename, writeFile } from 'node:fs/promises';
import { healHost } from './faults.ts';
import { applySpec, awaitServing, checkFromClient } from './fleet.ts';
import { awaitConnected, freshBoot, giveImage, startAgent, startEngine } from './host-power.ts';
import { type Lab, type LabOptions, labName } from './lab-handle.ts';
import { withLock } from './lock.ts';
import { makeNamespaces } from './namespaces.ts';
import { labPaths } from './paths.ts';
import { checkMachine } from './preflight.ts';
import { prepareLab } from './prepare.ts';
import { ensurePart } from './processes.ts';
import { shareAdminToken } from './schedulers.ts';
import { type Report, runStep, type StepEnd, together } from './steps.ts';
import { nodesOf } from './topology.ts';

export interface LabUpOptions extends LabOptions {
  /** Number of hosts, 1 to 20; 3 unless told, or as many as the lab has. A lab can only grow. */
  readonly hosts?: number;
  /** Number of schedulers, 1 to 3; 1 unless told, or as many as the lab has. It cannot change. */
  readonly schedulers?: number;
  /**
   * Port of the first scheduler's API on 127.0.0.1, those of the others follow it; 7080 unless told,
   * or what the lab has. 0 is any free one.
   */
  readonly port?: number;
  /** Path of the spec to apply to a lab that had none yet; null for none. */
  readonly spec: string | null;
}

/** A lab that is up. */
export interface LabSummary {
  /** Of the first scheduler's API. */
  readonly url: string;
  /** Of every scheduler's API, the first one's first. */
  readonly urls: readonly string[];
  readonly hosts: number;
  readonly instances: number;
  /** Service addresses that were asked from the client and answered. */
  readonly addresses: number;
  readonly tookMs: number;
  /** File with `{url, token}` of the API, and `urls` where there are several schedulers. */
  readonly contextPath: string;
}

/**
 * Makes the lab, or what is missing of it: undoes every fault, starts whatever died, and changes
 * nothing that is right.
 *
 * @throws BridgeheadError PREREQUISITE_MISSING, IN_USE or ALREADY_THERE before anything is made;
 * after that LAB_FAILED with the step and the end of the log of what failed. What was made stays,
 * for another `labUp` or `labDown`.
 */
export async function labUp(options: LabUpOptions, report: Report): Promise<LabSummary> {
  const startMs = performance.now();
  const paths = labPaths(labName(options));
  return withLock(paths.name, async () => {
    await runStep(report, 'preflight', async () => {
      const installed = await checkMachine();
      return { isSame: installed === '', detail: installed };
    });
    const lab = await prepareLab(options, paths);
    await bringUp(lab, report);
    const { spec } = options;
    await runStep(report, 'apply', () => applySpec(lab, spec));
    let instances = 0;
    await runStep(report, 'serving', async () => {
      instances = await awaitServing(lab);
      return { isSame: instances === 0, detail: `${instances} instances` };
    });
    let addresses = 0;
    await runStep(report, 'check', async () => {
      addresses = await checkFromClient(lab);
      return { isSame: addresses === 0, detail: `${addresses} addresses answer the client` };
    });
    return {
      url: lab.sites[0]?.url ?? '',
      urls: lab.sites.map(({ url }) => url),
      hosts: lab.topology.hosts.length,
      instances,
      addresses,
      tookMs: Math.round(performance.now() - startMs),
      contextPath: paths.context,
    };
  });
}

async function bringUp(lab: Lab, report: Report): Promise<void> {
  const { id } = lab.state;
  const { backend, proxy, hosts } = lab.parts;
  await runStep(report, 'namespaces', () => networkStep(lab));
  await together([
    runStep(report, 'backends', async () => ({ isSame: !(await ensurePart(id, backend)) })),
    startSchedulers(lab, report),
    runStep(report, 'engines', async () => {
      const started = await together(hosts.map((host) => startEngine(lab, host)));
      return countStarted(started);
    }).then(() =>
      runStep(report, 'images', async () => {
        const given = await together(hosts.map((host) => giveImage(lab, host)));
        return countStarted(given);
      }),
    ),
  ]);
  await runStep(report, 'proxy', async () => {
    const isSame = !(await ensurePart(id, proxy));
    await writeContext(lab);
    return { isSame, detail: lab.sites.map(({ url }) => url).join(', ') };
  });
  await runStep(report, 'agents', async () => {
    const started = await together(
      hosts.map(async (host) => {
        const startedMs = await startAgent(lab, host);
        await awaitConnected(lab, host, startedMs);
        return startedMs !== null;
      }),
    );
    return countStarted(started);
  });
}

async function startSchedulers(lab: Lab, report: Report): Promise<StepEnd> {
  const { id } = lab.state;
  const { database, schedulers } = lab.parts;
  if (database !== null) {
    await runStep(report, 'database', async () => ({ isSame: !(await ensurePart(id, database)) }));
    await shareAdminToken(lab.sites);
  }
  return runStep(report, database === null ? 'scheduler' : 'schedulers', async () => {
    const started = await together(schedulers.map((part) => ensurePart(id, part)));
    return database === null ? { isSame: !started[0] } : countStarted(started);
  });
}

function countStarted(started: readonly boolean[]): StepEnd {
  const count = started.filter((isStarted) => isStarted).length;
  return { isSame: count === 0, detail: `${count} of ${started.length}` };
}

// A fault is undone before anything is started: what hangs would be taken for running.
async function networkStep(lab: Lab): Promise<StepEnd> {
  const { crashed, hung, partitioned } = lab.journal.state;
  const healed = [...new Set([...crashed, ...hung, ...partitioned.keys()])];
  for (const host of healed) await healHost(lab, host);
  const made = await makeNamespaces(lab.topology, lab.journal, new Set());
  const booted = lab.topology.hosts.filter(({ name }) => made.includes(name));
  await together(booted.map((node) => freshBoot(lab, node)));
  const count = `${made.length} of ${nodesOf(lab.topology).length}`;
  return {
    isSame: made.length === 0 && healed.length === 0,
    detail: healed.length === 0 ? count : `${count}; healed ${healed.join(', ')}`,
  };
}

async function writeContext(lab: Lab): Promise<void> {
  const url = lab.sites[0]?.url ?? '';
  const token = await lab.api.token();
  // By their sockets, because the forwarder takes a connection also where no scheduler does.
  const urls = lab.sites.map(({ paths }) => `unix:${paths.apiSocket}`);
  const context = lab.sites.length === 1 ? { url, token } : { url, urls, token };
  const next = `${lab.paths.context}.next`;
  await writeFile(next, `${JSON.stringify(context)}\n`, { mode: 0o600 });
  await rename(next, lab.paths.context);
}
