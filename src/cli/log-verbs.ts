// `logs`: what hosts' logs say.

import type { Command } from 'commander';
import { parseDurationMs } from './duration.ts';
import { type CommandLine, clientVerbs } from './verb.ts';

const limitMax = 10_000;
const linesMax = 1_000;
/** Collects an option that may be given several times. */
const several = (value: string, before: readonly string[] | undefined) => [
  ...(before ?? []),
  value,
];
const idMax = 999_999_999_999_999;

/** Adds the verb that searches logs to the program. */
export function addLogVerbs(program: Command, line: CommandLine): void {
  const verb = clientVerbs(program.commandsGroup('Logs:'), line);
  verb(
    'logs',
    'search what hosts and their kernels have said',
    [
      'logs --since 1h host:lb-1',
      `logs 'Kernel panic - not syncing' --without veth`,
      'logs -f facility:kernel',
      'logs host:lb-1 boot:-1 severity:warning',
      'logs --around 4711',
    ],
    async (session, words, given) => {
      const { logs, logsAround, logStatus } = await import('./commands/logs.ts');
      if (given.is('status')) return logStatus(session);
      const nowMs = session.terminal.clock.wallMs();
      const ago = (name: 'since' | 'until') => {
        const text = given.text(name);
        return text === undefined ? null : nowMs - parseDurationMs(text, `--${name}`);
      };
      if (given.has('around')) {
        const id = given.whole('around', '--around', 1, idMax);
        return logsAround(session, id, given.whole('lines', '--lines', 0, linesMax));
      }
      const times = { sinceMs: ago('since'), untilMs: ago('until') };
      const limit = given.whole('limit', '--limit', 1, limitMax);
      const without = given.texts('without');
      return logs(session, { words, without, ...times, limit, follow: given.is('follow') });
    },
    (command) =>
      command
        .argument(
          '[search...]',
          'words, "exact phrases", host: app: instance: severity: facility: boot:',
        )
        .option('--without <term>', 'what must not be in it; repeatable', several)
        .option('--since <duration>', 'received at most so long ago, such as 30m, 2h, 7d')
        .option('--until <duration>', 'received at least so long ago')
        .option('--limit <count>', 'how many of the newest', '200')
        .option('--around <id>', 'this message with what its host sent before and after it')
        .option('--lines <count>', 'how many before and after', '20')
        .option('--status', 'how much is kept, and what was lost')
        .option('-f, --follow', 'go on with what comes'),
  );
}
