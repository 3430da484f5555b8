// `crash`: what can be done with crash reports without a server.

import type { Command } from 'commander';
import { addAnalysisVerbs } from './analysis-verbs.ts';
import { type CommandLine, does, withOutputOption } from './verb.ts';

/** Adds the verbs about crash reports to the program. */
export function addCrashVerbs(program: Command, line: CommandLine): void {
  const crash = program
    .commandsGroup('Crash reports:')
    .command('crash')
    .description('read crash reports of the kernel, and reckon with crashes');
  const parse = withOutputOption(
    crash
      .command('parse')
      .description(
        'read the crash reports in logs: dmesg, vmcore-dmesg, syslog, journal, netconsole',
      )
      .argument('<file...>', 'log files; - is the standard input'),
  );
  does(
    line,
    parse,
    ['crash parse /var/crash/dmesg.202611230101', 'dmesg | bridgehead crash parse -o json -'],
    async (session, files) => {
      const { parseCrashes } = await import('./commands/crash-parse.ts');
      await parseCrashes(session, files);
    },
  );
  addAnalysisVerbs(crash, line);
}
