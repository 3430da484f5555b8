// Which certificates which host needs, and which configurations name what they may not.

import type { Finding } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { certificateReferences, certificatesIn } from '../haproxy/certificates.ts';
import { readConfig } from '../haproxy/config-lines.ts';
import type { FleetState } from '../store/store.ts';

/** Names of what each host needs: hosts that run an instance that names it, or stand by for one. */
export function certificateNeeds(
  fleet: Pick<FleetState, 'instances' | 'assignments' | 'standbys'>,
): ReadonlyMap<HostName, ReadonlySet<string>> {
  const names = new Map(
    fleet.instances.map(({ id, rendered }) => [id, certificatesIn(rendered)] as const),
  );
  const needs = new Map<HostName, Set<string>>();
  for (const { host, instanceId } of [...fleet.assignments, ...fleet.standbys]) {
    const own = names.get(instanceId) ?? [];
    if (own.length === 0) continue;
    const known = needs.get(host) ?? new Set();
    for (const name of own) known.add(name);
    needs.set(host, known);
  }
  return needs;
}

/** Instances whose configuration names the certificate. */
export function usersOf(name: string, instances: readonly Instance[]): readonly Instance[] {
  return instances.filter(({ rendered }) => certificatesIn(rendered).includes(name));
}

/**
 * What an instance's configuration names that there is not, or that belongs to another owner.
 *
 * @param owners of all certificates by their names; '' for everybody's
 */
export function certificateFaults(
  { config, owner, attachments }: Pick<Instance['spec'], 'config' | 'owner' | 'attachments'>,
  owners: ReadonlyMap<string, string>,
): readonly Finding[] {
  return certificateReferences(readConfig(config), attachments).flatMap((reference) => {
    const { name, line, column, list } = reference;
    const whose = owners.get(name);
    if (whose === '' || whose === owner) return [];
    const what = `certificate ${name}${list === undefined ? '' : ` of ${list}`}`;
    const message =
      whose === undefined
        ? `there is no ${what}: bridgehead cert add ${name} --cert FILE --key FILE`
        : `${what} belongs to ${whose}, not to ${owner}`;
    return [{ line, column, message }];
  });
}
