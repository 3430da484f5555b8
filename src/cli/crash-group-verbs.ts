// `crash groups`, `group`, `merge`, `split`, `assign`, `undo`, `decisions`: reports of one cause.

import type { Command } from 'commander';
import { splitKeys } from '../crash/split-keys.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { withFoldersOption } from './known-issue-verbs.ts';
import { type CommandLine, clientVerbs, type Given } from './verb.ts';

/** Adds the verbs about groups of crash reports to `crash`. */
export function addCrashGroupVerbs(crash: Command, line: CommandLine): void {
  const verb = clientVerbs(crash, line);
  verb(
    'groups',
    'list groups of crash reports of one cause, the latest seen first',
    ['crash groups', 'crash groups -o json'],
    async (session, _, given) => {
      const { listGroups } = await import('./commands/crash-groups.ts');
      const limit = given.whole('limit', '--limit', 1, 1_000);
      await listGroups(session, limit, given.texts('knownIssues'));
    },
    (command) =>
      withFoldersOption(command).option('--limit <count>', 'how many of the latest', '100'),
  );
  verb(
    'group',
    'show a group: what made it, its reports, groups that may be the same, and decisions',
    ['crash group v1-0f3a9c1b2d4e5f60'],
    async (session, [id = ''], given) => {
      const { showGroup } = await import('./commands/crash-groups.ts');
      await showGroup(session, id, given.texts('knownIssues'));
    },
    (command) => withFoldersOption(command).argument('<group>', 'its id in: crash groups'),
  );
  const why = (command: Command) => command.requiredOption('--reason <text>', 'why, for others');
  verb(
    'merge',
    'count the reports of one group for another',
    ['crash merge v1-0f3a9c1b2d4e5f60 v1-77aa00bb11cc22dd --reason "inlined in 6.1.90"'],
    async (session, [group = '', into = ''], given) => {
      const { decide } = await import('./commands/crash-groups.ts');
      await decide(session, { kind: 'merge', group, into, reason: reasonOf(given) });
    },
    (command) =>
      why(command)
        .argument('<group>', 'whose reports go')
        .argument('<into>', 'where they are counted'),
  );
  verb(
    'split',
    'make groups of their own of the reports of a group that differ in something',
    ['crash split v1-0f3a9c1b2d4e5f60 --by release --reason "another fault since 6.1.90"'],
    async (session, [group = ''], given) => {
      const { decide } = await import('./commands/crash-groups.ts');
      const by = splitKeys.find((key) => key === given.text('by'));
      if (by === undefined) throw noKey(given.text('by') ?? '');
      await decide(session, { kind: 'split', group, by, reason: reasonOf(given) });
    },
    (command) =>
      why(command)
        .argument('<group>', 'its id in: crash groups')
        .requiredOption('--by <what>', splitKeys.join(', ')),
  );
  verb(
    'assign',
    'put one report into another group, whatever its fingerprint is',
    ['crash assign 12 v1-0f3a9c1b2d4e5f60 --reason "seen at the console"'],
    async (session, [report = '', into = ''], given) => {
      const { decide } = await import('./commands/crash-groups.ts');
      const number = numberOf(report, 'crash report', 'crash list');
      await decide(session, { kind: 'assign', report: number, into, reason: reasonOf(given) });
    },
    (command) =>
      why(command)
        .argument('<report>', 'its number in: crash list')
        .argument('<into>', 'the group that it belongs to'),
  );
  verb(
    'undo',
    'take a merge, a split or an assignment back',
    ['crash undo 3 --reason "two faults after all"'],
    async (session, [id = ''], given) => {
      const { undo } = await import('./commands/crash-groups.ts');
      await undo(session, numberOf(id, 'decision', 'crash decisions'), reasonOf(given));
    },
    (command) => why(command).argument('<decision>', 'its number in: crash decisions'),
  );
  verb(
    'decisions',
    'list what people decided about groups: who, when and why',
    ['crash decisions', 'crash decisions --all'],
    async (session, _, given) => {
      const { listDecisions } = await import('./commands/crash-groups.ts');
      await listDecisions(session, given.is('all'));
    },
    (command) => command.option('--all', 'those too that were taken back'),
  );
}

function reasonOf(given: Given): string {
  const reason = given.text('reason')?.trim() ?? '';
  if (reason !== '' && reason.length <= 1_000) return reason;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    '--reason is empty or longer than 1000 characters',
    'Say in a sentence why, for whoever looks at the group next.',
  );
}

function numberOf(text: string, what: string, where: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${text} is no number of a ${what}`,
    `See which there are: bridgehead ${where}`,
  );
}

function noKey(text: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `--by ${text} is nothing that a group can be split by`,
    `Give one of ${splitKeys.join(', ')}.`,
  );
}
