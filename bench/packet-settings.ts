// Settings of the kernel on the way of an instance's packets, to be turned on and off in a lab.

import { cpus } from 'node:os';
import { z } from 'zod';
import { portOfInstance } from '../src/domain/mac.ts';
import { commandOutput } from '../src/system/command.ts';
import { type TrafficBed, trafficHost } from './traffic-bed.ts';

export interface PacketSetting {
  readonly name: string;
  set(isOn: boolean): Promise<void>;
  /** What is so now: the agent puts some of them right by itself. */
  isOn(): Promise<boolean>;
}

/** An end of the instance's veth pair. */
interface End {
  readonly namespace: string;
  readonly port: string;
}

const filter = '/proc/sys/net/bridge/bridge-nf-call-iptables';

/**
 * Those that can be told apart in a lab, for the one instance that runs there.
 *
 * @throws Error where the kernel has no br_netfilter, or ethtool is not installed
 */
export async function packetSettings(bed: TrafficBed): Promise<readonly PacketSetting[]> {
  const { lab } = bed;
  const [instance] = await lab.instances();
  if (instance === undefined) throw new Error('the lab has no instance');
  const found = await lab.docker(trafficHost, 'ps', '--quiet', '--no-trunc');
  const container = z
    .string()
    .regex(/^[0-9a-f]+$/)
    .parse(found.trim());
  const pid = await lab.docker(trafficHost, 'inspect', '--format', '{{.State.Pid}}', container);
  const outer: End = { namespace: bed.namespace(trafficHost), port: portOfInstance(instance.id) };
  const ends: readonly End[] = [outer, { namespace: `/proc/${pid.trim()}/ns/net`, port: 'eth0' }];
  const every = async (isSo: (end: End) => Promise<boolean>) =>
    (await Promise.all(ends.map(isSo))).every((one) => one);
  const each = async (set: (end: End) => Promise<unknown>) => {
    await Promise.all(ends.map(set));
  };
  const all = (2 ** cpus().length - 1).toString(16);
  return [
    {
      name: 'bridge-nf-call',
      set: async (isOn) => {
        await inside(outer, 'sh', '-c', `echo ${isOn ? 1 : 0} >${filter}`);
      },
      isOn: async () => (await inside(outer, 'cat', filter)).trim() === '1',
    },
    {
      name: 'GRO of the veth pair',
      set: (isOn) => each((end) => inside(end, 'ethtool', '-K', end.port, 'gro', word(isOn))),
      isOn: () =>
        every(async (end) =>
          /^generic-receive-offload: on/m.test(await inside(end, 'ethtool', '-k', end.port)),
        ),
    },
    {
      name: 'RPS of the veth pair, over all CPUs',
      set: (isOn) => each((end) => inSysfs(end, `echo ${isOn ? all : 0} >${rpsOf(end)}`)),
      isOn: () => every(async (end) => /[1-9a-f]/.test(await inSysfs(end, `cat ${rpsOf(end)}`))),
    },
    {
      name: 'HAProxy pinned to one CPU',
      set: async (isOn) => {
        const which = isOn ? '0' : `0-${cpus().length - 1}`;
        await lab.docker(trafficHost, 'update', '--cpuset-cpus', which, container);
      },
      isOn: async () => {
        const format = '{{.HostConfig.CpusetCpus}}';
        const set = await lab.docker(trafficHost, 'inspect', '--format', format, container);
        return set.trim() === '0';
      },
    },
  ];
}

const word = (isOn: boolean) => (isOn ? 'on' : 'off');
const rpsOf = ({ port }: End) => `/sys/class/net/${port}/queues/rx-0/rps_cpus`;

function inside({ namespace }: End, ...command: readonly string[]): Promise<string> {
  return commandOutput(['nsenter', `--net=${namespace}`, ...command]);
}

// What is below /sys belongs to the namespace of whoever mounted it; Docker mounted it read-only.
function inSysfs(end: End, script: string): Promise<string> {
  return inside(
    end,
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount -t sysfs none /sys && mount -o remount,rw /sys && ${script}`,
  );
}
