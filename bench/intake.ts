// Messages a second on one core: heard over loopback, parsed, and stored in PostgreSQL, by us and by
// our peers in one run. Receiver and database have that core together, the sender another.

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { IntakeBed, type Load, type Round } from './intake-bed.ts';
import { kernelKinds, kinds } from './intake-messages.ts';
import { bridgehead, rsyslog, syslogNg } from './intake-parties.ts';
import { machineFacts } from './machine-facts.ts';
import { quantile } from './quantile.ts';
import { thousandths } from './thousandths.ts';

const makers = { bridgehead, rsyslog, 'syslog-ng': syslogNg } as const;
type Name = keyof typeof makers;
const names = Object.keys(makers) as readonly Name[];

interface Figures {
  /** Messages stored in a second, by the clock. */
  readonly rate: number;
  /** Messages stored in a second of processor time: what others do on the machine matters less. */
  readonly rate_by_processor: number;
  readonly receiver_us: number;
  readonly database_us: number;
  readonly rounds: readonly Round[];
}

/**
 * @param args `--rounds N` of each party (3), `--messages N` a round (30,000), and for the overload by
 * UDP `--flood N` messages (60,000) at `--flood-rate N` a second (20,000)
 * @returns medians of all parties; `ratios.rate_*` are ours by theirs: above 1 is better
 */
export async function benchIntake(args: readonly string[]): Promise<object> {
  const options = {
    rounds: { type: 'string', default: '3' },
    messages: { type: 'string', default: '30000' },
    flood: { type: 'string', default: '60000' },
    'flood-rate': { type: 'string', default: '20000' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const whole = z.coerce.number().int().min(1);
  const rounds = whole.max(100).parse(values.rounds);
  const many = whole.max(1_000_000);
  const steady: Load = { way: 'tcp', messages: many.parse(values.messages), perSecond: 0 };
  const flood: Load = {
    way: 'udp',
    messages: many.parse(values.flood),
    perSecond: many.parse(values['flood-rate']),
  };
  if (cpus().length < 2) throw new Error('this bench needs two processor cores');
  await using bed = await IntakeBed.make();
  const machine = await machineFacts();
  const stored = await figuresOfAll(bed, steady, rounds);
  const flooded = await figuresOfAll(bed, flood, 1);
  report(machine, steady, stored);
  reportFlood(flood, flooded);
  const ratio = (by: 'rate' | 'rate_by_processor', peer: Name) =>
    thousandths(stored.bridgehead[by] / stored[peer][by]);
  return {
    ...{ machine, rounds, messages: steady.messages, tcp: stored },
    ...{ flood_messages: flood.messages, flood_rate: flood.perSecond, udp_flood: flooded },
    ratios: {
      rate_vs_rsyslog: ratio('rate', 'rsyslog'),
      rate_vs_syslog_ng: ratio('rate', 'syslog-ng'),
      rate_by_processor_vs_rsyslog: ratio('rate_by_processor', 'rsyslog'),
      rate_by_processor_vs_syslog_ng: ratio('rate_by_processor', 'syslog-ng'),
    },
  };
}

// By turns, so that what else the machine does meanwhile is the same for all.
async function figuresOfAll(
  bed: IntakeBed,
  load: Load,
  count: number,
): Promise<Readonly<Record<Name, Figures>>> {
  const rounds = new Map<Name, Round[]>(names.map((name) => [name, []]));
  for (let turn = 0; turn < count; turn += 1) {
    for (const name of names) {
      const round = await bed.round(makers[name], load);
      // What comes by TCP is taken or waited for: a rate of which some is missing is none.
      if (load.way === 'tcp' && round.stored !== round.sent) {
        throw new Error(`${name} stored ${round.stored} of ${round.sent} messages`);
      }
      rounds.get(name)?.push(round);
    }
  }
  const of = (name: Name) => figuresOf(rounds.get(name) ?? []);
  return { bridgehead: of('bridgehead'), rsyslog: of('rsyslog'), 'syslog-ng': of('syslog-ng') };
}

function figuresOf(rounds: readonly Round[]): Figures {
  const median = (read: (one: Round) => number) => quantile(rounds.map(read), 0.5);
  const whole = (read: (one: Round) => number) => Math.round(median(read));
  return {
    rate: whole(({ stored, tookMs }) => (stored * 1_000) / tookMs),
    rate_by_processor: whole(
      ({ stored, receiverCpuMs, databaseCpuMs }) =>
        (stored * 1_000) / (receiverCpuMs + databaseCpuMs),
    ),
    receiver_us: whole(({ stored, receiverCpuMs }) => (receiverCpuMs * 1_000) / stored),
    database_us: whole(({ stored, databaseCpuMs }) => (databaseCpuMs * 1_000) / stored),
    rounds,
  };
}

function report(
  machine: Readonly<Record<string, string | number>>,
  { messages }: Load,
  figures: Readonly<Record<Name, Figures>>,
): void {
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
  console.log(`
${messages} messages by TCP (four connections), each party in turn, medians. All were stored: the rows
were counted. The receiver and its PostgreSQL have one core, the sender another; the same table with the
same indexes, commits to the disk, 20,000 messages of memory and 2,000 in a transaction for all.
rsyslog: imptcp, ompgsql. syslog-ng: network(), sql() with explicit-commits.
`);
  table(
    ['', 'a second', 'a second of processor', 'receiver us', 'database us'],
    names.map((name) => {
      const { rate, rate_by_processor: byProcessor, receiver_us, database_us } = figures[name];
      return [name, rate, byProcessor, receiver_us, database_us];
    }),
  );
}

function reportFlood(
  { messages, perSecond }: Load,
  figures: Readonly<Record<Name, Figures>>,
): void {
  const kernelsSent = Array.from({ length: messages }, (_, index) => index % kinds).filter((kind) =>
    kernelKinds.includes(kind),
  ).length;
  console.log(`
Overload: ${messages} messages by UDP at ${perSecond} a second, ${kernelsSent} of them of kernels
`);
  const share = (part: number, all: number) => `${((part * 100) / all).toFixed(1)} %`;
  table(
    ['', 'stored', 'of kernels', 'of others', 'lost', 'at the socket', 'told of', 'untold'],
    names.map((name) => {
      const [round] = figures[name].rounds;
      if (round === undefined) return [name];
      const { sent, stored, kernels, socketDropped, told } = round;
      return [
        ...[name, stored, share(kernels, kernelsSent)],
        ...[share(stored - kernels, sent - kernelsSent), sent - stored, socketDropped, told],
        sent - stored - socketDropped - told,
      ];
    }),
  );
  console.log('');
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const wide = head.map((one, index) =>
    Math.max(one.length, ...rows.map((row) => String(row[index] ?? '').length)),
  );
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, index) =>
          index === 0 ? String(cell).padEnd(wide[0] ?? 0) : String(cell).padStart(wide[index] ?? 0),
        )
        .join('  '),
    );
  }
}
