// `rollout`: changes of configurations that go in batches.

import type { Command } from 'commander';
import { type CommandLine, clientVerbs } from './verb.ts';

/** Adds `rollout` to the program. */
export function addRolloutVerbs(program: Command, line: CommandLine): void {
  const rollout = program
    .command('rollout')
    .description('changes of configurations that go in batches (apply --rollout)');
  const verb = clientVerbs(rollout, line);
  verb(
    'list',
    'list rollouts, the newest first',
    ['rollout list', 'rollout list --limit 5'],
    async (session, _, given) => {
      const { listRollouts } = await import('./commands/rollout.ts');
      return listRollouts(session, given.whole('limit', '--limit', 1, 200));
    },
    (command) => command.option('--limit <count>', 'how many of the newest', '50'),
  );
  verb(
    'show <id>',
    'show a rollout, instance by instance',
    ['rollout show 5f0c1a52'],
    async (session, [id = '']) => {
      const { showRollout } = await import('./commands/rollout.ts');
      return showRollout(session, id);
    },
  );
  verb(
    'pause <id>',
    'begin no further batch; what was changed is watched on',
    ["rollout pause 5f0c1a52 --reason 'until after lunch'"],
    async (session, [id = ''], given) => {
      const { pauseRollout } = await import('./commands/rollout.ts');
      return pauseRollout(session, id, given.text('reason') ?? '');
    },
    (command) => command.option('--reason <text>', 'why, for others'),
  );
  verb(
    'resume <id>',
    'go on with the next batch',
    ['rollout resume 5f0c1a52'],
    async (session, [id = '']) => {
      const { resumeRollout } = await import('./commands/rollout.ts');
      return resumeRollout(session, id);
    },
  );
  verb(
    'abort <id>',
    'end it, and have what it changed go back',
    ['rollout abort 5f0c1a52'],
    async (session, [id = '']) => {
      const { abortRollout } = await import('./commands/rollout.ts');
      return abortRollout(session, id);
    },
  );
}
