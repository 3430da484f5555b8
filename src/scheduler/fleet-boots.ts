import { bootOf, type HostBoot } from '../crash/boot.ts';
import type { Host, HostFacts } from '../domain/model.ts';
import type { BootView } from '../protocol/boot-views.ts';
import type { Crash } from '../store/crash-store.ts';
import type { CrashGroupsBook } from './crash-groups.ts';

const mibOfGib = 1_024;
const groupsMax = 50;

/** The newest boots of the fleet, each with what is known of it and the crash groups seen in it. */
export async function fleetBoots(
  book: CrashGroupsBook,
  hosts: () => Promise<readonly Host[]>,
  wanted: { readonly host: string | null; readonly limit: number },
): Promise<readonly BootView[]> {
  const [list, known, { members }] = await Promise.all([
    book.parts.store.boots.list(wanted),
    hosts(),
    book.read(),
  ]);
  const byName = new Map(known.map((host) => [String(host.name), host]));
  const ofHost = Map.groupBy(list, ({ host }) => host);
  const reports = Map.groupBy(members, ({ crash, boot }) => `${crash.host} ${boot}`);
  return list.map((boot) => {
    const { host, bootId, startedMs, firstSeenMs, lastSeenMs, ended, crashId } = boot;
    const groups = new Map<string, number>();
    for (const { crash, group } of reports.get(`${host} ${bootId}`) ?? []) {
      const moment = momentIn(ofHost.get(host) ?? [], bootId, crash);
      if (groups.size < groupsMax) {
        groups.set(group, Math.min(moment, groups.get(group) ?? moment));
      }
    }
    return {
      ...{ host, bootId, startedMs, firstSeenMs, lastSeenMs, ended, crashId },
      groups: [...groups].map(([id, atMs]) => ({ id, atMs })),
      facts: factsOf(boot.facts, byName.get(host)),
    };
  });
}

// A report that comes to light after its boot is of a moment in it.
function momentIn(boots: readonly HostBoot[], bootId: string, { atMs, report }: Crash): number {
  return bootOf(boots, { atMs, uptimeSeconds: report.uptimeSeconds, bootId })?.atMs ?? atMs;
}

/** What crashes may go together with, one value each. Zone, rack and labels are those of today. */
export function factsOf(facts: HostFacts, host: Host | undefined): Record<string, string> {
  const set = (values: readonly string[]) => [...new Set(values)].toSorted().join('+') || 'none';
  return {
    kernel: facts.kernel,
    docker: facts.docker,
    agent: facts.agentVersion,
    cpus: String(facts.cpus),
    // The kernel's own part differs by some MiB from boot to boot.
    memoryGib: String(Math.round(facts.memoryMib / mibOfGib)),
    nicDriver: set(facts.nics.map(({ driver }) => driver)),
    bridges: String(facts.bridges.length),
    vlanAware: set(facts.bridges.map(({ vlanAware }) => (vlanAware ? 'yes' : 'no'))),
    haproxy: set(facts.images.map(({ haproxy }) => haproxy)),
    ...(host === undefined ? {} : { zone: host.zone, rack: host.rack }),
    ...Object.fromEntries(
      Object.entries(host?.labels ?? {}).map(([name, value]) => [`label:${name}`, value]),
    ),
  };
}
