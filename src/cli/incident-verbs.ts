// `incident`: what belongs to each crash or death of a host.

import { type Command, Option } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { type CommandLine, clientVerbs } from './verb.ts';

const limitMax = 500;
const states = ['open', 'recovered', 'resolved'] as const;

/** Adds the verbs about incidents to the program. */
export function addIncidentVerbs(program: Command, line: CommandLine): void {
  const group = program
    .commandsGroup('Crash reports:')
    .command('incident')
    .description('what belongs to each crash or death of a host, from the first symptom on');
  const verb = clientVerbs(group, line);
  const withId = (command: Command) => command.argument('<id>', 'its number in: incident list');
  verb(
    'list',
    'list the incidents, the newest first',
    ['incident list', 'incident list --state open', 'incident list --host lb-1 -o json'],
    async (session, _, given) => {
      const { listIncidents } = await import('./commands/incident.ts');
      const limit = given.whole('limit', '--limit', 1, limitMax);
      const wanted = { host: given.text('host'), group: given.text('group') };
      const state = states.find((one) => one === given.text('state'));
      await listIncidents(session, { ...wanted, state, limit });
    },
    (command) =>
      command
        .option('--host <name>', 'only of this host')
        .addOption(new Option('--state <state>', 'only in this state').choices([...states]))
        .option('--group <id>', 'only with a crash report of this group')
        .option('--limit <count>', 'how many of the newest', '50'),
  );
  verb(
    'show',
    'show an incident with its time line',
    ['incident show 12'],
    async (session, [id = '']) => {
      const { showIncident } = await import('./commands/incident.ts');
      await showIncident(session, numberOf(id));
    },
    withId,
  );
  verb(
    'note',
    'add a note to an incident',
    ["incident note 12 'the switch port was bad'"],
    async (session, [id = '', ...words]) => {
      const { noteIncident } = await import('./commands/incident.ts');
      await noteIncident(session, numberOf(id), words.join(' '));
    },
    (command) => withId(command).argument('<text...>', 'what is to be kept of it'),
  );
  verb(
    'resolve',
    'close an incident, with a note of what it was',
    ["incident resolve 12 'kernel 3.18 on all hosts'"],
    async (session, [id = '', ...words]) => {
      const { resolveIncident } = await import('./commands/incident.ts');
      await resolveIncident(session, numberOf(id), words.join(' '));
    },
    (command) => withId(command).argument('<note...>', 'what it was, and what was done'),
  );
  verb(
    'export',
    'print an incident as Markdown, with all that a ticket needs',
    ['incident export 12 > incident-12.md'],
    async (session, [id = '']) => {
      const { exportIncident } = await import('./commands/incident.ts');
      await exportIncident(session, numberOf(id));
    },
    withId,
  );
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${text} is no number of an incident`,
    'See which there are: bridgehead incident list',
  );
}
