import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { BridgeheadError } from '../domain/errors.ts';
import { addAccessVerbs } from './access-verbs.ts';
import { addCertificateVerbs } from './certificate-verbs.ts';
import { addCompletionVerb } from './completion.ts';
import { addConfigRenderVerb } from './config-render-verb.ts';
import { addConfigVerbs } from './config-verbs.ts';
import { addCrashVerbs } from './crash-verbs.ts';
import { addDoctorVerb } from './doctor-verbs.ts';
import { reportFailure } from './failure.ts';
import { addFleetVerbs } from './fleet-verbs.ts';
import { addImportVerb } from './import-verb.ts';
import { addIncidentVerbs } from './incident-verbs.ts';
import { addKnownIssueVerbs } from './known-issue-verbs.ts';
import { addLabVerbs } from './lab-verbs.ts';
import { addLiveVerbs } from './live-verbs.ts';
import { addLogVerbs } from './log-verbs.ts';
import { addNumberVerbs } from './number-verbs.ts';
import { addOperationVerbs } from './operation-verbs.ts';
import type { OutputFormat } from './output.ts';
import { addRolloutVerbs } from './rollout-verbs.ts';
import { addServiceVerbs } from './service-verbs.ts';
import type { Rooms } from './session.ts';
import { Interruption, type Terminal } from './terminal.ts';
import { type CommandLine, withAccessOptions, withOutputOption } from './verb.ts';

const interruptedExit = 130;

const systemRooms: Rooms = {
  lab: () => import('../lab/lab.ts'),
  server: () => import('./commands/server.ts'),
  agent: () => import('./commands/agent.ts'),
};

/**
 * Runs one command line (without `node` and the script's name) and prints what it has to say.
 *
 * @returns the exit code: 0 done, 2 wrong usage, 130 interrupted, else that of the error's code
 */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  rooms: Rooms = systemRooms,
): Promise<number> {
  const line: CommandLine = { terminal, rooms, exitCode: 0 };
  try {
    await createProgram(line).parseAsync([...argv], { from: 'user' });
    return line.exitCode;
  } catch (error) {
    if (error instanceof Interruption) {
      if (error.message !== '') terminal.err(`${error.message}\n`);
      return interruptedExit;
    }
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // No command at all: the help has been printed, and says more than an error could.
      if (error.code === 'commander.help') return 2;
    }
    const format = formatOf(argv);
    const verbose = argv.includes('--verbose');
    return reportFailure(asUsageError(error), terminal, { format, verbose });
  }
}

/** The whole command, with every verb. */
export function createProgram(line: CommandLine): Command {
  const { terminal } = line;
  const program = new Command('bridgehead')
    .description('Control plane for a fleet of HAProxy load balancers on bare metal.')
    .version(manifest.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--verbose', 'print the stack of an internal error')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      outputError: () => undefined,
    });
  withAccessOptions(withOutputOption(program));
  addFleetVerbs(program, line);
  addImportVerb(program, line);
  addOperationVerbs(program, line);
  addConfigVerbs(program, line);
  addRolloutVerbs(program, line);
  addConfigRenderVerb(program, line);
  addCrashVerbs(program, line);
  addLiveVerbs(program, line);
  addCertificateVerbs(program, line);
  addNumberVerbs(program, line);
  addIncidentVerbs(program, line);
  addLogVerbs(program, line);
  addAccessVerbs(program, line);
  addDoctorVerb(program, line);
  addKnownIssueVerbs(program, line);
  addLabVerbs(program, line);
  addServiceVerbs(program, line);
  addCompletionVerb(program, line);
  program.addHelpText(
    'after',
    `
Where the server is: --server or --lab, BRIDGEHEAD_SERVER, ~/.config/bridgehead/context.json, then
the lab on this machine. A fleet to try, on one machine: bridgehead lab up
Exit codes: 0 done, 1 failed, 2 wrong usage or spec, 3 not found, 4 refused, 5 out of reach.`,
  );
  return program;
}

/** What commander found wrong with the line, as an error like any other of ours. */
function asUsageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const [message = '', ...hints] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = hints.join(' ').replace(/^\((.*)\)$/, '$1');
  const next = 'See what there is: bridgehead --help, or bridgehead COMMAND --help.';
  return new BridgeheadError(
    'REQUEST_INVALID',
    message,
    suggestion === '' ? next : `${suggestion} ${next}`,
  );
}

// Read from the line itself, because a line that cannot be parsed may still ask for JSON errors.
function formatOf(argv: readonly string[]): OutputFormat {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const isJson = words.some(
    (word, index) =>
      word === '-ojson' ||
      word === '--output=json' ||
      (word === 'json' && ['-o', '--output'].includes(words[index - 1] ?? '')),
  );
  return isJson ? 'json' : 'table';
}
