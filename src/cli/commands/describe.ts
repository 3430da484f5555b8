import { BridgeheadError } from '../../domain/errors.ts';
import type { GatewayFact } from '../../domain/model.ts';
import type { EventView, HostView, InstanceView, PoolView } from '../../protocol/api.ts';
import type { IncidentItem } from '../../protocol/incident-views.ts';
import { durationText } from '../duration.ts';
import { kindOf } from '../kinds.ts';
import { holdText } from '../operations.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { indented, recordText, tableText } from '../table.ts';
import { agoText, eventsTable, hostState, phaseText, shedText } from '../tables.ts';
import type { Paint } from '../terminal.ts';
import { aboutIncident } from './incident.ts';

const eventsShown = 10;
const incidentsShown = 5;
/** The most that the API hands out at once. */
const operationsMax = 1_000;
const operationsShown = 5;
const hashShown = 12;

type Fields = readonly (readonly [name: string, value: string])[];

/** The whole record of one object, with what happened to it last. */
export async function describe(session: Session, kind: string, name: string): Promise<void> {
  const { paint, columns, terminal, format } = session;
  const nowMs = terminal.clock.wallMs();
  const wanted = kindOf(kind);
  if (wanted === 'event') {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      'an event has no record beyond its line',
      'List events with: bridgehead events --object KIND/NAME',
    );
  }
  const api = await session.connect();
  const events = () => api.events({ object: `${wanted}/${name}`, limit: eventsShown });
  const operationText = async () => {
    if (format !== 'table') return '';
    const object = `${wanted}/${name}`;
    const open = await api.operations({ object, isOpen: true, limit: operationsMax });
    // The oldest first: the one that holds it, then those that wait, in their order.
    const lines = open.toReversed().map((one) => holdText(one, nowMs, paint));
    const more = lines.length - operationsShown;
    if (more > 0) lines.splice(operationsShown, more, `and ${more} more that wait`);
    return lines.join('\n') || 'none';
  };
  switch (wanted) {
    case 'host': {
      const host = await api.host(name);
      const last = await events();
      const holds = await operationText();
      const incidents = await api.incidents({ host: name, state: 'open', limit: incidentsShown });
      const text = () =>
        recordText(hostFields(host, holds, incidents, nowMs, paint), columns) +
        eventsPart(last, columns);
      return session.print({ ...host, incidents, events: last }, text);
    }
    case 'pool': {
      const pool = await api.pool(name);
      const last = await events();
      const text = () => poolRecord(pool) + eventsPart(last, columns);
      return session.print({ ...pool, events: last }, text);
    }
    case 'instance': {
      const instance = await api.instance(name);
      const last = await events();
      const holds = instance.operation === null ? 'none' : await operationText();
      const text = () =>
        recordText(instanceFields(instance, holds, nowMs, paint), columns) +
        eventsPart(last, columns);
      return session.print({ ...instance, events: last }, text);
    }
  }
}

function hostFields(
  host: HostView,
  operation: string,
  incidents: readonly IncidentItem[],
  nowMs: number,
  paint: Paint,
): Fields {
  const { facts, capacity } = host;
  const labels = Object.entries(host.labels).map(([key, value]) => `${key}=${value}`);
  return [
    ['Name', host.name],
    ['State', hostState(host, paint)],
    ['Verdict', [host.verdict.state, ...host.verdict.reasons].join('\n')],
    ['Cordon', host.cordonReason === null ? 'none' : host.cordonReason || 'without a reason'],
    ['Operation', operation],
    [
      'Incident',
      incidents.map((one) => `${one.id}: ${oneLine(printable(aboutIncident(one)))}`).join('\n') ||
        'none that is open',
    ],
    ['Last seen', agoText(host.lastSeenMs, nowMs)],
    ['Zone', host.zone || '-'],
    ['Rack', host.rack || '-'],
    ['Labels', labels.join('\n') || '-'],
    [
      'Capacity',
      capacity === null
        ? 'from its facts'
        : `${capacity.instances} instances, ${capacity.memoryMib} MiB, ${capacity.cpus} CPUs`,
    ],
    ...(facts === null
      ? ([['Facts', 'none: its agent has not joined yet']] as const)
      : ([
          ['Kernel', facts.kernel],
          ['Docker', facts.docker],
          ['Agent', facts.agentVersion],
          ['Machine', `${facts.cpus} CPUs, ${facts.memoryMib} MiB`],
          ['Boot', `${facts.bootId}, up ${durationText(facts.uptimeS * 1_000)}`],
          ['NICs', facts.nics.map((nic) => `${nic.name} (${nic.driver})`).join('\n') || '-'],
          ['Bridges', facts.bridges.map(bridgeText).join('\n') || '-'],
          ['Gateways', facts.gateways.map(gatewayText).join('\n') || '-'],
          [
            'Images',
            facts.images.map((one) => `${one.reference} (HAProxy ${one.haproxy})`).join('\n') ||
              '-',
          ],
        ] as const)),
    ['Instances', host.instances.map((one) => `${one.name} (${one.role})`).join('\n') || '-'],
  ];
}

function bridgeText(bridge: NonNullable<HostView['facts']>['bridges'][number]): string {
  const vlan = bridge.vlanAware ? ', VLAN-aware' : '';
  return `${bridge.name}: ${bridge.addresses.join(' ') || 'no address'}${vlan}`;
}

function gatewayText({ address, bridge, answers }: GatewayFact): string {
  return `${address} on ${bridge}: ${answers ? 'answers' : 'DOES NOT ANSWER'}`;
}

function poolRecord(pool: PoolView): string {
  const fields = recordText([
    ['Name', pool.name],
    ['CIDR', pool.cidr],
    ['Range', pool.range === null ? 'all of it' : `${pool.range.from} to ${pool.range.to}`],
    ['Prefix', `/${pool.prefix}`],
    ['Gateway', pool.gateway ?? 'none'],
    ['Bridge', pool.bridge],
    ['VLAN', pool.vlan === null ? 'none' : String(pool.vlan)],
    ['In use', String(pool.used.length)],
  ]);
  if (pool.used.length === 0) return fields;
  const used = tableText(
    ['ADDRESS', 'INSTANCE'],
    pool.used.map(({ address, instance }) => [address, instance]),
  );
  return `${fields}\n\n${used}`;
}

function instanceFields(
  instance: InstanceView,
  operation: string,
  nowMs: number,
  paint: Paint,
): Fields {
  const { resources, shed, problem, loadedHash, configHash, oldWorkers } = instance;
  return [
    ['Name', instance.name],
    ['Phase', phaseText(instance, paint)],
    ...(shed === null ? [] : [['Shed', shedText(shed, nowMs)] as const]),
    ['Problem', problem === null ? 'none' : `${problem.message} (${problem.code})`],
    ['Owner', instance.owner || '-'],
    ['Service', instance.service || '-'],
    ['Tier', String(instance.tier)],
    ['Contact', instance.contact || '-'],
    ['Notes', instance.notes || '-'],
    [
      'Addresses',
      instance.addresses.map((one) => `${one.address} (${one.pool})`).join('\n') || '-',
    ],
    ['MAC', instance.mac],
    ['Host', instance.host ?? 'none'],
    ['Epoch', instance.epoch === null ? 'none' : String(instance.epoch)],
    ['Standbys', instance.standbys.join(', ') || 'none'],
    ['Operation', operation],
    ['Image', instance.image],
    [
      'Resources',
      `${resources.memoryMib} MiB, ${resources.cpus} CPUs, ${resources.maxConnections} connections`,
    ],
    ['Config', configText(configHash, loadedHash, paint)],
    ...(oldWorkers === null ? [] : [['Old workers', oldWorkersText(oldWorkers, nowMs)] as const]),
    ...(instance.attachments.length === 0
      ? []
      : [['Attached', instance.attachments.map(attachmentText).join('\n')] as const]),
    ...(instance.kept.length === 0 ? [] : [['Kept', instance.kept.join('\n')] as const]),
    ['Id', instance.id],
  ];
}

function attachmentText({ name, sha256, sizeBytes, path }: InstanceView['attachments'][number]) {
  const called = path === null ? '' : `, called ${path}`;
  return `${name} (${sizeBytes} bytes, ${sha256.slice(0, hashShown)}${called})`;
}

function configText(wanted: string, loaded: string | null, paint: Paint): string {
  const short = wanted.slice(0, hashShown);
  if (loaded === null) return `${short} wanted, ${paint('yellow', 'none loaded')}`;
  if (loaded === wanted) return `${short}, ${paint('green', 'loaded')}`;
  return `${short} wanted, ${paint('red', `${loaded.slice(0, hashShown)} loaded`)}`;
}

function oldWorkersText(
  { count, sinceMs }: NonNullable<InstanceView['oldWorkers']>,
  nowMs: number,
): string {
  const age = durationText(Math.max(0, nowMs - sinceMs));
  return `${count} with connections of a configuration before, the oldest for ${age}`;
}

function eventsPart(events: readonly EventView[], columns: number): string {
  if (events.length === 0) return '\n\nLast events: none';
  return `\n\nLast events:\n${indented(eventsTable(events, columns - 2))}`;
}
