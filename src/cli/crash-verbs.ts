// `crash`: what can be done with crash reports without a server.

import type { Command } from 'commander';
import { addAnalysisVerbs } from './analysis-verbs.ts';
import { withFoldersOption } from './known-issue-verbs.ts';
import { type CommandLine, does, withOutputOption } from './verb.ts';

/** Adds the verbs about crash reports to the program. */
export function addCrashVerbs(program: Command, line: CommandLine): void {
  const crash = program
    .commandsGroup('Crash reports:')
    .command('crash')
    .description('read crash reports of the kernel, and reckon with crashes');
  const parse = withFoldersOption(
    withOutputOption(
      crash
        .command('parse')
        .description(
          'read the crash reports in logs: dmesg, vmcore-dmesg, syslog, journal, netconsole',
        )
        .argument('<file...>', 'log files; - is the standard input'),
    ),
  );
  const explain = withFoldersOption(
    withOutputOption(
      crash
        .command('explain')
        .description('say what the crash reports in logs mean, and which release has the fix')
        .argument('<file...>', 'log files; - is the standard input'),
    ),
  );
  does(
    line,
    parse,
    ['crash parse /var/crash/dmesg.202611230101', 'crash parse -o json - < dmesg.txt'],
    async (session, files, given) => {
      const { parseCrashes } = await import('./commands/crash-parse.ts');
      await parseCrashes(session, files, given.texts('knownIssues'));
    },
  );
  does(
    line,
    explain,
    ['crash explain /var/crash/dmesg.202611230101', 'crash explain - < dmesg.txt'],
    async (session, files, given) => {
      const { explainCrashes } = await import('./commands/crash-explain.ts');
      await explainCrashes(session, files, given.texts('knownIssues'));
    },
  );
  addAnalysisVerbs(crash, line);
}
