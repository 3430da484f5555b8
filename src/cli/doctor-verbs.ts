// `doctor`: looks at the host it runs on.

import type { Command } from 'commander';
import { agentDefaults } from './options.ts';
import { type CommandLine, clientVerbs } from './verb.ts';

/** Adds the verb that checks a host to the program. */
export function addDoctorVerb(program: Command, line: CommandLine): void {
  const verb = clientVerbs(program.commandsGroup('Services:'), line);
  verb(
    'doctor',
    'check that this host is as an agent needs it, and that its kernel is heard (as root)',
    [
      'doctor --scheduler 198.18.0.3',
      'doctor --server http://lb-control.example.com:7080 --token-file token -o json',
    ],
    async (session, _, given) => {
      const { doctor } = await import('./commands/doctor.ts');
      const { env } = session.terminal;
      return doctor(session, {
        scheduler: given.text('scheduler') ?? null,
        dockerSocket: given.text('dockerSocket') ?? agentDefaults.dockerSocket,
        hasServer:
          given.has('server') || given.has('lab') || env['BRIDGEHEAD_SERVER'] !== undefined,
      });
    },
    (command) =>
      command
        .option('--scheduler <address>', 'address that netconsole is to send to')
        .option(
          '--docker-socket <path>',
          'socket of the Docker Engine',
          agentDefaults.dockerSocket,
        ),
  );
}
