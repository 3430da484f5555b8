// `known-issues`: what is known of the kernel's faults, and the lint of files of it.

import type { Command } from 'commander';
import { type CommandLine, does, withOutputOption } from './verb.ts';

/** Adds the verbs about known issues to the program. */
export function addKnownIssueVerbs(program: Command, line: CommandLine): void {
  const group = program
    .commandsGroup('Crash reports:')
    .command('known-issues')
    .description('known faults of the kernel, and noise that is blamed for them');
  does(
    line,
    withFoldersOption(
      withOutputOption(
        group
          .command('list')
          .description('list the entries, or those in which all words stand')
          .argument('[word...]', 'words to look for'),
      ),
    ),
    ['known-issues list', 'known-issues list bridge --known-issues /etc/bridgehead/known-issues'],
    async (session, words, given) => {
      const { listIssues } = await import('./commands/known-issues.ts');
      await listIssues(session, words, given.texts('knownIssues'));
    },
  );
  does(
    line,
    withFoldersOption(
      withOutputOption(
        group
          .command('show')
          .description('show one entry; with --release, what it says of that kernel')
          .argument('<id>', 'id of the entry')
          .option('--release <release>', 'a kernel, as uname -r names it')
          .option('--banner <text>', 'its build, as uname -v names it'),
      ),
    ),
    ['known-issues show sched-task-group-race --release "$(uname -r)" --banner "$(uname -v)"'],
    async (session, [id = ''], given) => {
      const { showIssue } = await import('./commands/known-issues.ts');
      const kernel = { release: given.text('release'), banner: given.text('banner') };
      await showIssue(session, id, kernel, given.texts('knownIssues'));
    },
  );
  does(
    line,
    withOutputOption(
      group
        .command('check')
        .description('check files of known issues; those of the program unless told')
        .argument('[path...]', 'files, or folders of them'),
    ),
    ['known-issues check', 'known-issues check /etc/bridgehead/known-issues'],
    async (session, paths) => {
      const { checkIssues } = await import('./commands/known-issues-check.ts');
      return checkIssues(session, paths);
    },
  );
}

/** For what uses known issues: the operator's own. */
export function withFoldersOption(command: Command): Command {
  // A variadic option would take the log files behind it for folders.
  const collected = (path: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    path,
  ];
  return command.option(
    '--known-issues <path>',
    'known issues of your own: a file or a folder; may be given several times',
    collected,
  );
}
