import { resolve } from 'node:path';
import { BridgeheadError } from '../../domain/errors.ts';
import { durationText } from '../duration.ts';
import type { Lab, LabStatus, LabSummary, PartState } from '../lab-contract.ts';
import type { Session } from '../session.ts';
import { type Step, stepPrinter } from '../steps.ts';
import { tableText } from '../table.ts';
import type { Paint, Style } from '../terminal.ts';

const exampleSpec = resolve(import.meta.dirname, '../../../examples/shop.yaml');

const hostsUsual = 3;
const portUsual = 7080;

export interface LabUpOptions {
  readonly name: string;
  /** Undefined for as many as the lab has, 3 for a new one. */
  readonly hosts: number | undefined;
  /** Undefined for as many as the lab has, 1 for a new one. */
  readonly schedulers: number | undefined;
  /** Undefined for what the lab has, 7080 for a new one. */
  readonly port: number | undefined;
  /** Path of the spec that is applied; undefined for the example, null for none. */
  readonly spec: string | null | undefined;
}

/** Brings a lab up, showing its steps, and says what to type next. */
export async function labUp(session: Session, options: LabUpOptions): Promise<void> {
  const lab = await session.lab();
  const show = stepPrinter(session.terminal);
  const steps: Step[] = [];
  const spec = options.spec === undefined ? exampleSpec : options.spec;
  const { name, schedulers } = options;
  const had =
    options.hosts === undefined || options.port === undefined ? await sizeOf(lab, name) : null;
  const hosts = options.hosts ?? had?.hosts ?? hostsUsual;
  const port = options.port ?? had?.port ?? portUsual;
  const wanted = { name, hosts, port, spec, ...(schedulers === undefined ? {} : { schedulers }) };
  const summary = await lab.labUp(wanted, (step) => {
    if (step.state !== 'running') steps.push(step);
    show(step);
  });
  const next = session.format === 'table' ? await nextCommands(lab, name) : [];
  await session.print({ ...summary, steps }, () => summaryText(summary, name, next, session.paint));
}

/** How large a lab is that is there already; null for none. */
async function sizeOf(
  lab: Lab,
  name: string,
): Promise<{ readonly hosts: number; readonly port: number } | null> {
  try {
    const { hosts, url } = await lab.labStatus({ name });
    return { hosts: hosts.length, port: Number(new URL(url).port) };
  } catch (error) {
    if (error instanceof BridgeheadError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

function summaryText(
  { hosts, instances, addresses, tookMs, urls }: LabSummary,
  name: string,
  next: readonly string[],
  paint: Paint,
): string {
  const figures = `${hosts} hosts, ${instances} instances, ${addresses} addresses`;
  return [
    `${paint('green', `${called(name)} is up`)}: ${figures}, in ${durationText(tookMs)}`,
    `API: ${urls.join(', ')}`,
    'Next:',
    ...next.map((command) => `  ${command}`),
  ].join('\n');
}

/** What may be typed next, with names that are there: a host that an instance can move to. */
async function nextCommands(lab: Lab, name: string): Promise<readonly string[]> {
  const { hosts, instances } = await lab.labStatus({ name });
  const api = name === 'lab' ? '' : ` --lab ${name}`;
  const own = name === 'lab' ? '' : ` --name ${name}`;
  const instance = instances.find(({ addresses, host }) => addresses.length > 0 && host !== null);
  const target = hosts.find((host) => host.name !== instance?.host);
  return [
    ...(instance === undefined
      ? [`bridgehead apply -f examples/shop.yaml${api}`, `bridgehead get hosts${api}`]
      : [`bridgehead get instances${api}`, `bridgehead lab load ${instance.name}${own}`]),
    ...(instance === undefined || target === undefined
      ? []
      : [`bridgehead migrate ${instance.name} --to ${target.name}${api}`]),
    `bridgehead lab down${own}`,
  ];
}

function called(name: string): string {
  return name === 'lab' ? 'the lab' : `lab ${name}`;
}

/** Takes a lab down with all it made. */
export async function labDown(session: Session, name: string): Promise<void> {
  const lab = await session.lab();
  await lab.labDown({ name }, stepPrinter(session.terminal));
  await session.print({ name, state: 'down' }, () => `${called(name)} is down`);
}

/** What a lab is made of and how each part does. */
export async function labStatus(session: Session, name: string): Promise<void> {
  const lab = await session.lab();
  const { hosts, instances, url, schedulers, parts } = await lab.labStatus({ name });
  const status = { hosts, instances, url, schedulers, parts };
  await session.print(status, () => statusText(name, status, session));
}

const partStyles: Readonly<Record<PartState, Style>> = {
  running: 'green',
  dead: 'red',
  hung: 'yellow',
};

function statusText(
  name: string,
  { hosts, instances, url, schedulers, parts }: LabStatus,
  { paint, columns }: Session,
): string {
  const several = tableText(
    ['SCHEDULER', 'STATE', 'API'],
    schedulers.map((one) => [one.name, paint(partStyles[one.state], one.state), one.url]),
  );
  const tables = [
    ...(schedulers.length > 1 ? [several] : []),
    tableText(
      ['HOST', 'STATE', 'ADDRESS'],
      hosts.map((host) => [host.name, host.state, host.address]),
    ),
    tableText(
      ['INSTANCE', 'HOST', 'TIER', 'ADDRESSES'],
      instances.map((instance) => [
        instance.name,
        instance.host ?? '-',
        String(instance.tier),
        instance.addresses.join(' '),
      ]),
      { right: new Set(['TIER']), columns },
    ),
    tableText(
      ['PART', 'STATE', 'PID'],
      parts.map((part) => [
        part.name,
        paint(partStyles[part.state], part.state),
        part.pid === null ? '-' : String(part.pid),
      ]),
      { right: new Set(['PID']) },
    ),
  ];
  return [`${called(name)}, API ${url}`, ...tables].join('\n\n');
}

/** Runs a command inside a node of the lab. @returns its exit code */
export async function labExec(
  session: Session,
  name: string,
  node: string,
  command: readonly string[],
): Promise<number> {
  const lab = await session.lab();
  return lab.labExec({ name }, node, command);
}
