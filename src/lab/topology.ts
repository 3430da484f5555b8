// The lab's network as plain data: who is on the segment, under which addresses, and the words that
// iproute2 is told to make it so. Addresses are those of RFC 2544 (198.18.0.0/15) and RFC 3849
// (2001:db8::/32): no real network uses them, so that a mistake reaches nobody.

/** Prefix lengths of the one segment; examples/shop.yaml has its pools inside. */
const prefix4 = 16;
const prefix6 = 48;

/** The host addresses end below the first backend's. */
export const hostsMax = 20;
export const hostsDefault = 3;
export const schedulerPort = 7443;
export const backendPort = 8080;

export interface NodeAddress {
  readonly v4: string;
  readonly v6: string;
}

/** One member of the segment, in a network namespace of its own. */
export interface LabNode {
  /** Also the name of its port at the switch. */
  readonly name: string;
  readonly namespace: string;
  /** `switch` is the segment itself and its gateway; `host` has a bridge; `plain` just a NIC. */
  readonly kind: 'switch' | 'plain' | 'host';
  /** The first is the node's own. */
  readonly addresses: readonly NodeAddress[];
}

export interface Topology {
  readonly switch: LabNode;
  readonly client: LabNode;
  readonly control: LabNode;
  readonly backend: LabNode;
  readonly hosts: readonly LabNode[];
}

/** The network of the lab called `name` with that many hosts, `host-1` to `host-N`. */
export function topologyOf(name: string, hostCount: number): Topology {
  const node = (
    nodeName: string,
    kind: LabNode['kind'],
    ...numbers: readonly number[]
  ): LabNode => ({
    name: nodeName,
    namespace: `bh-${name}-${nodeName}`,
    kind,
    addresses: numbers.map((number) => ({ v4: `198.18.0.${number}`, v6: `2001:db8::${number}` })),
  });
  return {
    switch: node('switch', 'switch', 1),
    client: node('client', 'plain', 2),
    control: node('control', 'plain', 3),
    backend: node('backend', 'plain', 31, 32, 33),
    hosts: Array.from({ length: hostCount }, (_, index) =>
      node(`host-${index + 1}`, 'host', 11 + index),
    ),
  };
}

/** Every node, the switch first: the others are plugged into it. */
export function nodesOf(topology: Topology): readonly LabNode[] {
  const { client, control, backend, hosts } = topology;
  return [topology.switch, client, control, backend, ...hosts];
}

/** The node's own address; each node has one. */
export function addressOf(node: LabNode): NodeAddress {
  const address = node.addresses[0];
  if (address === undefined) throw new Error(`node ${node.name} has no address`);
  return address;
}

/**
 * A MAC that a node keeps over reboots, as a real NIC does: locally administered, unicast, the
 * IPv4 address in its last four octets.
 */
export function macOfNode(node: LabNode, nic: 'own' | 'enslaved'): string {
  const octets = addressOf(node).v4.split('.').map(Number);
  const words = [2, nic === 'own' ? 0 : 1, ...octets];
  return words.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

const bridgeWords = 'type bridge stp_state 0 forward_delay 0 mcast_snooping 0';

/** `ip -batch` lines for the switch's namespace that make the segment. */
export function switchLines(node: LabNode): readonly string[] {
  return [
    'link set lo up',
    `link add sw0 address ${macOfNode(node, 'own')} ${bridgeWords}`,
    ...addressLines(node, 'sw0'),
    'link set sw0 up',
  ];
}

/** `ip -batch` lines for the switch's namespace that plug the node in. */
export function cableLines(node: LabNode): readonly string[] {
  const mac = macOfNode(node, node.kind === 'host' ? 'enslaved' : 'own');
  return [
    `link add ${node.name} type veth peer name eth0 address ${mac} netns ${node.namespace}`,
    `link set ${node.name} master sw0`,
    `link set ${node.name} up`,
  ];
}

/** `ip -batch` lines for the node's own namespace, once it is plugged in. */
export function nodeLines(node: LabNode, gateway: LabNode): readonly string[] {
  const device = node.kind === 'host' ? 'br0' : 'eth0';
  // An address set by hand keeps a bridge from taking over the lowest one of its ports, which would
  // change with every container that comes and goes.
  const bridge = [
    `link add br0 address ${macOfNode(node, 'own')} ${bridgeWords}`,
    'link set eth0 master br0',
    'link set br0 up',
  ];
  const { v4, v6 } = addressOf(gateway);
  return [
    'link set lo up',
    'link set eth0 up',
    ...(node.kind === 'host' ? bridge : []),
    ...addressLines(node, device),
    `route add default via ${v4}`,
    `route add default via ${v6} dev ${device}`,
  ];
}

function addressLines(node: LabNode, device: string): readonly string[] {
  return node.addresses.flatMap(({ v4, v6 }) => [
    `addr add ${v4}/${prefix4} dev ${device}`,
    `addr add ${v6}/${prefix6} dev ${device} nodad`,
  ]);
}

/**
 * Kernel settings of a node's namespace, as paths below /proc/sys/net, to be written before its
 * devices are made. Where the kernel lacks one (bridge/ needs br_netfilter) it is passed over.
 */
export function sysctlsOf(node: LabNode): readonly (readonly [string, string])[] {
  const arp: readonly (readonly [string, string])[] = ['all', 'default'].flatMap(
    (scope) =>
      [
        [`ipv4/conf/${scope}/arp_ignore`, '1'],
        [`ipv4/conf/${scope}/arp_announce`, '2'],
      ] as const,
  );
  return [
    // A real switch shows frames to no IP firewall.
    ['bridge/bridge-nf-call-iptables', '0'],
    ['bridge/bridge-nf-call-ip6tables', '0'],
    ['bridge/bridge-nf-call-arptables', '0'],
    ['ipv6/conf/all/accept_ra', '0'],
    ['ipv6/conf/default/accept_ra', '0'],
    ...(node.kind === 'host' ? arp : []),
  ];
}

/** How a host is cut off: from everybody, from the scheduler only, or from the other hosts only. */
export type PartitionFrom = 'all' | 'control' | 'peers';
export const partitionKinds: readonly PartitionFrom[] = ['all', 'control', 'peers'];

/**
 * nftables rules of the switch that drop what may not pass between a partitioned host and those it
 * is cut off from; for the whole switch at once. Cut off from all is a port that is down, no rule.
 */
export function partitionRules(
  topology: Topology,
  partitions: ReadonlyMap<string, PartitionFrom>,
): string {
  const rules = [...partitions].flatMap(([host, from]) => {
    if (from === 'all') return [];
    const others =
      from === 'control'
        ? [topology.control.name]
        : topology.hosts.map(({ name }) => name).filter((name) => name !== host);
    if (others.length === 0) return [];
    const set = `{ ${others.map((name) => `"${name}"`).join(', ')} }`;
    return [
      `    iifname "${host}" oifname ${set} drop`,
      `    oifname "${host}" iifname ${set} drop`,
    ];
  });
  const table = 'table bridge bridgehead_lab';
  return [
    table,
    `delete ${table}`,
    ...(rules.length === 0
      ? []
      : [
          `${table} {`,
          '  chain forward {',
          '    type filter hook forward priority 0; policy accept;',
          ...rules,
          '  }',
          '}',
        ]),
    '',
  ].join('\n');
}
