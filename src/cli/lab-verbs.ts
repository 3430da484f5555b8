// `lab` and its verbs: a whole fleet on one machine. What they do is loaded when one of them runs.

import type { Command } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { parseDurationMs } from './duration.ts';
import { type Act, type CommandLine, does, type Given, withOutputOption } from './verb.ts';

/** Adds the verbs of the lab to the program. */
export function addLabVerbs(program: Command, line: CommandLine): void {
  const lab = program
    .commandsGroup('Lab:')
    .command('lab')
    .description('a whole fleet on this machine, to try, to break and to test');
  const verb = (
    name: string,
    summary: string,
    examples: readonly string[],
    act: Act,
    options: (command: Command) => Command = (command) => command,
  ) => {
    const command = options(lab.command(name).description(summary));
    command.option('--name <name>', 'which lab (default: lab)');
    const shown = examples.map((example) => `lab ${example}`);
    return does(line, withOutputOption(command), shown, act);
  };

  verb(
    'up',
    'bring a lab up: hosts with their own Docker Engines, a scheduler, backends, a client',
    [
      'up',
      'up --hosts 5 --no-example',
      'up --schedulers 3',
      'up --name second --port 7081 -f my-fleet.yaml',
    ],
    async (session, _, given) => {
      const { labUp } = await import('./commands/lab.ts');
      return labUp(session, {
        name: nameOf(given),
        hosts: given.has('hosts') ? given.whole('hosts', '--hosts', 1, 20) : undefined,
        schedulers: given.has('schedulers')
          ? given.whole('schedulers', '--schedulers', 1, 3)
          : undefined,
        port: given.has('port') ? given.whole('port', '--port', 1, 65_535) : undefined,
        spec: given.text('file') ?? (given.is('example') ? undefined : null),
      });
    },
    (command) =>
      command
        .option('--hosts <count>', 'how many hosts, 1 to 20 (default: 3, or as many as it has)')
        .option(
          '--schedulers <count>',
          'how many schedulers, 1 to 3, on one database (default: 1, or as many as it has)',
        )
        .option(
          '--port <port>',
          'port of the API on 127.0.0.1, further schedulers on those after it (default: 7080, or what it has)',
        )
        .option('-f, --file <file>', 'spec to apply (default: examples/shop.yaml)')
        .option('--no-example', 'apply no spec'),
  );
  verb(
    'status',
    'show the hosts, instances and parts of a lab',
    ['status', 'status -o json'],
    async (session, _, given) => {
      const { labStatus } = await import('./commands/lab.ts');
      return labStatus(session, nameOf(given));
    },
  );
  verb(
    'load <target>',
    "send requests from the lab's client to an instance or an address",
    ['load shop-web', 'load 198.18.10.10 --port 80 --rate 500 --duration 30s'],
    async (session, [target = ''], given) => {
      const { labLoad } = await import('./commands/lab-load.ts');
      return labLoad(session, nameOf(given), target, {
        port: given.whole('port', '--port', 1, 65_535),
        ratePerSecond: given.whole('rate', '--rate', 1, 10_000),
        durationMs: parseDurationMs(given.text('duration') ?? '', '--duration'),
      });
    },
    (command) =>
      command
        .option('--port <port>', 'where the service listens', '80')
        .option('--rate <count>', 'requests a second', '100')
        .option('--duration <duration>', 'how long', '10s'),
  );
  addFaultVerbs(verb);
  const exec = verb(
    'exec <node> [command...]',
    'run a command inside a host or another node of the lab',
    ['exec host-1 -- ip address', 'exec client -- curl -s http://198.18.10.10/'],
    async (session, [node = '', ...words], given) => {
      const { name, command } = splitExec(words, nameOf(given));
      const { labExec } = await import('./commands/lab.ts');
      return labExec(session, name, node, command.length === 0 ? ['sh'] : command);
    },
  );
  exec.passThroughOptions();
  verb(
    'down',
    'take a lab down with all that it made',
    ['down', 'down --name second'],
    async (session, _, given) => {
      const { labDown } = await import('./commands/lab.ts');
      return labDown(session, nameOf(given));
    },
  );
}

// All behind the node is the command's, so that its options are not taken for ours. But no command
// begins with a dash: a `--name` there is ours, and in the command it would have gone unnoticed to
// the lab that is the default.
function splitExec(
  words: readonly string[],
  name: string,
): { readonly name: string; readonly command: readonly string[] } {
  const [first = '', ...rest] = words;
  if (first === '--') return { name, command: rest };
  if (!first.startsWith('-')) return { name, command: words };
  const [flag, value] = first.startsWith('--name=')
    ? ['--name', first.slice('--name='.length)]
    : [first, rest.shift()];
  if (flag === '--name' && value !== undefined) return splitExec(rest, value);
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `lab exec cannot make out ${first} behind the node`,
    'Write its own options before the node, and the command behind --: bridgehead lab exec --name LAB NODE -- COMMAND',
  );
}

type AddVerb = (
  name: string,
  summary: string,
  examples: readonly string[],
  act: Act,
  options?: (command: Command) => Command,
) => Command;

function addFaultVerbs(verb: AddVerb): void {
  verb(
    'crash <host>',
    'take a host away at once, as a power cut does',
    ['crash host-1', 'crash host-1 --panic'],
    async (session, [host = ''], given) => {
      const { labCrash } = await import('./commands/lab-faults.ts');
      return labCrash(session, nameOf(given), host, given.is('panic'));
    },
    (command) => command.option('--panic', 'its kernel says its last words by netconsole before'),
  );
  verb(
    'panic <host>',
    'have a real kernel panic on a host, in a virtual machine on its bridge; the host goes with it',
    ['panic host-1', 'panic host-1 --fault soft-lockup'],
    async (session, [host = ''], given) => {
      const { labPanic } = await import('./commands/lab-faults.ts');
      return labPanic(session, nameOf(given), host, given.text('fault') ?? '');
    },
    (command) => command.option('--fault <fault>', 'what it dies of', 'null-dereference'),
  );
  verb(
    'partition <host>',
    'cut a host off from the scheduler, from the other hosts, or from both',
    ['partition host-1', 'partition host-1 --from control'],
    async (session, [host = ''], given) => {
      const { labPartition } = await import('./commands/lab-faults.ts');
      return labPartition(session, nameOf(given), host, given.text('from') ?? 'all');
    },
    (command) => command.option('--from <side>', 'all, control or peers', 'all'),
  );
  verb(
    'hang <host>',
    'stop every process of a host where it is',
    ['hang host-1'],
    async (session, [host = ''], given) => {
      const { labHang } = await import('./commands/lab-faults.ts');
      return labHang(session, nameOf(given), host);
    },
  );
  verb(
    'heal <host>',
    'undo what was done to a host',
    ['heal host-1'],
    async (session, [host = ''], given) => {
      const { labHeal } = await import('./commands/lab-faults.ts');
      return labHeal(session, nameOf(given), host);
    },
  );
  verb(
    'kill <part>',
    'send a signal to one part of the lab; their names are in lab status',
    ['kill scheduler', 'kill scheduler-2', 'kill agent:host-1 --signal TERM'],
    async (session, [part = ''], given) => {
      const { labKill } = await import('./commands/lab-faults.ts');
      return labKill(session, nameOf(given), part, given.text('signal') ?? 'KILL');
    },
    (command) => command.option('--signal <signal>', 'which one', 'KILL'),
  );
}

// `--lab NAME`, the program's own option, means the same lab.
function nameOf(given: Given): string {
  return given.text('name') ?? given.text('lab') ?? 'lab';
}
