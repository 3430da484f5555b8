// `config`: the versions of instances' configurations.

import type { Command } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { type CommandLine, clientVerbs, keyOf, withKeyOption } from './verb.ts';

/** Adds `config` to the program. */
export function addConfigVerbs(program: Command, line: CommandLine): void {
  const config = program
    .command('config')
    .description('configurations of instances: render, compare, go back to one');
  const verb = clientVerbs(config, line);
  verb(
    'history <instance>',
    'list the versions, the newest first',
    ['config history shop-web'],
    async (session, [instance = '']) => {
      const { showHistory } = await import('./commands/config.ts');
      return showHistory(session, instance);
    },
  );
  verb(
    'show <instance> [version]',
    'print the text of a version, the newest where none is named',
    ['config show shop-web', 'config show shop-web 3 --rendered'],
    async (session, [instance = '', version], given) => {
      const { showVersion } = await import('./commands/config.ts');
      return showVersion(session, instance, versionOf(version), given.is('rendered'));
    },
    withRendered,
  );
  verb(
    'diff <instance> [from] [to]',
    'show what differs between two versions; the last two where none is named',
    ['config diff shop-web', 'config diff shop-web 3', 'config diff shop-web 3 5 --rendered'],
    async (session, [instance = '', from, to], given) => {
      const { showDiff } = await import('./commands/config.ts');
      const versions = { from: versionOf(from), to: versionOf(to) };
      return showDiff(session, instance, { ...versions, rendered: given.is('rendered') });
    },
    withRendered,
  );
  verb(
    'rollback <instance>',
    'give it a configuration again that it had, as a new version',
    ['config rollback shop-web --wait', 'config rollback shop-web --to 3 --reason "too slow"'],
    async (session, [instance = ''], given) => {
      const { rollback } = await import('./commands/config.ts');
      const to = versionOf(given.text('to'));
      const input = { ...(to === undefined ? {} : { to }), reason: given.text('reason') ?? '' };
      return rollback(session, instance, input, { key: keyOf(given), isWaiting: given.is('wait') });
    },
    (command) =>
      withKeyOption(command)
        .option('--to <version>', 'the version; the newest that differs where left out')
        .option('--reason <text>', 'why, for others')
        .option('--wait', 'wait until the instance runs it'),
  );
}

function withRendered(command: Command): Command {
  return command.option('--rendered', 'what HAProxy reads of it, with the addresses of today');
}

function versionOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${text} is no version`,
    'Give the number of one: bridgehead config history INSTANCE',
  );
}
