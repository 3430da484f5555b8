// `crash`: crash reports of the fleet's hosts, and what can be done with any without a server.

import type { Command } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { addAnalysisVerbs } from './analysis-verbs.ts';
import { addCrashGroupVerbs } from './crash-group-verbs.ts';
import { withFoldersOption } from './known-issue-verbs.ts';
import { type CommandLine, clientVerbs, does, withOutputOption } from './verb.ts';

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
  const verb = clientVerbs(crash, line);
  verb(
    'list',
    'list the crash reports that were heard from hosts, the newest first',
    ['crash list', 'crash list --host lb-1 -o json'],
    async (session, _, given) => {
      const { listCrashes } = await import('./commands/crash-list.ts');
      const limit = given.whole('limit', '--limit', 1, 1_000);
      const wanted = { host: given.text('host'), group: given.text('group'), limit };
      await listCrashes(session, wanted, given.texts('knownIssues'));
    },
    (command) =>
      withFoldersOption(command)
        .option('--host <name>', 'only of this host')
        .option('--group <id>', 'only of this group')
        .option('--limit <count>', 'how many of the newest', '100'),
  );
  verb(
    'show',
    'say what a crash report of a host means, and print it',
    ['crash show 12'],
    async (session, [id = ''], given) => {
      const { showCrash } = await import('./commands/crash-list.ts');
      if (!/^\d{1,15}$/.test(id)) throw noId(id);
      await showCrash(session, Number(id), given.texts('knownIssues'));
    },
    (command) => withFoldersOption(command).argument('<id>', 'its number in: crash list'),
  );
  addCrashGroupVerbs(crash, line);
  addAnalysisVerbs(crash, line);
}

function noId(text: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `${text} is no number of a crash report`,
    'See which there are: bridgehead crash list',
  );
}
