import type { HostName } from '../domain/ids.ts';
import type { GatewayFact, Host, Instance } from '../domain/model.ts';

const hostsNamed = 5;

/**
 * What hosts said last of the gateways that a silent host had: whether it is the host that lost its
 * way out, or those who no longer hear it. One line a gateway, for people.
 */
export function gatewayEvidence(hosts: readonly Host[], silent: HostName): readonly string[] {
  const own = hosts.find(({ name }) => name === silent)?.facts?.gateways ?? [];
  const others = hosts.filter(({ name, state }) => name !== silent && state === 'ready');
  return own.map(({ bridge, address, answers }) => {
    const told = others.flatMap(({ name, facts }) => {
      const same = facts?.gateways.find((one) => one.bridge === bridge && one.address === address);
      return same === undefined ? [] : [{ name, answers: same.answers }];
    });
    const named = (wanted: boolean) => shortened(told.filter((one) => one.answers === wanted));
    const before = answers ? 'answered it' : 'did not answer it';
    const now = [
      ...(named(true) === '' ? [] : [`answers ${named(true)}`]),
      ...(named(false) === '' ? [] : [`does not answer ${named(false)}`]),
    ];
    return [`gateway ${address} ${before} when it last said`, ...now].join(', ');
  });
}

/** Whether a host says that a gateway which the instance's addresses need does not answer it. */
export function lacksGateway(facts: Host['facts'], { addresses }: Instance): boolean {
  const silent = (facts?.gateways ?? []).filter(({ answers }) => !answers);
  const isOf = ({ bridge, address }: GatewayFact) =>
    addresses.some((one) => one.bridge === bridge && one.gateway === address);
  return silent.some(isOf);
}

function shortened(hosts: readonly { readonly name: HostName }[]): string {
  const names = hosts.slice(0, hostsNamed).map(({ name }) => name);
  const more = hosts.length - names.length;
  return names.join(' and ') + (more > 0 ? ` and ${more} more` : '');
}
