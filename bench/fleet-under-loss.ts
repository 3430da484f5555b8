// The lab as the failover benches use it: a fleet that is whole, and a host of it that dies.

import { hostOf, scopeOfHost, viewLab } from '../src/lab/lab-handle.ts';
import { sayLastWords } from '../src/lab/last-words.ts';
import { unplug } from '../src/lab/namespaces.ts';
import { findProcesses, signalAll } from '../src/lab/processes.ts';
import { commandOutput } from '../src/system/command.ts';
import { eventually, type LabUnderTest } from '../test/lab/lab-under-test.ts';
import { sharedMs } from './gap-watch.ts';

const wholeLimitMs = 120_000;

/**
 * Waits until every host is there, everything serves and the instance's standby is warm.
 *
 * @returns where the instance is, and its first address
 */
export function whole(lab: LabUnderTest, name: string): Promise<{ host: string; address: string }> {
  return eventually(async () => {
    const hosts = await lab.hosts();
    if (hosts.some(({ state }) => state !== 'ready')) throw new Error('a host is not ready');
    for (const one of await lab.instances()) {
      if (one.phase !== 'serving') throw new Error(`${one.name} is ${one.phase}`);
    }
    const { host, addresses, standbys } = await lab.instance(name);
    const [standby, address] = [standbys[0], addresses[0]?.address];
    if (standby === undefined) throw new Error('there is no standby');
    if (host === null || address === undefined) throw new Error(`${name} is nowhere`);
    const running = await lab.docker(standby, 'ps', '--format', '{{.Names}} {{.Status}}');
    const isWarm = new RegExp(`${name} Up (?!Less|1 sec)`).test(running);
    if (!isWarm) throw new Error('the standby is not warm');
    return { host, address };
  }, wholeLimitMs);
}

/**
 * Cuts a host's link and kills all its processes. What a real host leaves to nobody, its mounts and
 * cgroups, is left to `lab crash`: clearing it away would cost those that live.
 *
 * @param isPanic its kernel says its last words by netconsole before
 * @returns when the link was cut, by {@link sharedMs}
 */
export async function killHost(lab: LabUnderTest, host: string, isPanic: boolean): Promise<number> {
  const view = viewLab({ name: lab.name });
  const node = hostOf(view, host);
  const processes = findProcesses(scopeOfHost(view, node));
  if (isPanic) await sayLastWords(view, node);
  await unplug(host, view.topology);
  const cutMs = sharedMs();
  signalAll(processes, 'SIGKILL');
  return cutMs;
}

/**
 * Ends all that a host says and does with its link up, as a panic does: the switch goes on sending
 * where it last heard the host's addresses.
 */
export async function killSilently(lab: LabUnderTest, host: string): Promise<void> {
  const view = viewLab({ name: lab.name });
  const processes = findProcesses(scopeOfHost(view, hostOf(view, host)));
  const inside = ['nsenter', `--net=/run/netns/bh-${lab.name}-${host}`, 'nft', '-f', '-'] as const;
  // Its own kernel drops what comes in on the NIC and what would go out.
  const rules = `table netdev bench_dead {
  chain in { type filter hook ingress device eth0 priority -500; policy drop; }
  chain out { type filter hook egress device eth0 priority -500; policy drop; }
}
`;
  await commandOutput(inside, { input: rules });
  signalAll(processes, 'SIGKILL');
}
