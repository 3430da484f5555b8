// `top` and `stats`: what instances' HAProxys count.

import type { Command } from 'commander';
import { parseDurationMs } from './duration.ts';
import { type CommandLine, clientVerbs } from './verb.ts';

/** Adds the verbs that show numbers to the program. */
export function addNumberVerbs(program: Command, line: CommandLine): void {
  const verb = clientVerbs(program.commandsGroup('Numbers:'), line);
  const again = (command: Command) =>
    command.option('-w, --watch', 'show it again every 5 s, until interrupted');
  verb(
    'top',
    'what every instance does now, the busiest first',
    ['top', 'top --watch', 'top -o json'],
    async (session, _, given) => {
      const { top } = await import('./commands/numbers.ts');
      return top(session, given.is('watch'));
    },
    again,
  );
  verb(
    'stats',
    "what an instance's frontends, backends and servers count",
    [
      'stats shop-web',
      'stats shop-web --since 1h',
      'stats shop-web --since 1h --of backend/api --step 1m',
    ],
    async (session, [name = ''], given) => {
      const { stats } = await import('./commands/numbers.ts');
      const [since, step] = [given.text('since'), given.text('step')];
      const nowMs = session.terminal.clock.wallMs();
      const stepMs = step === undefined ? null : parseDurationMs(step, '--step');
      return stats(session, name, {
        sinceMs: since === undefined ? null : nowMs - parseDurationMs(since, '--since'),
        stepS: stepMs === null ? null : Math.round(stepMs / 1_000),
        of: given.text('of') ?? null,
        isWatching: given.is('watch'),
      });
    },
    (command) =>
      again(command)
        .argument('<instance>', 'name of the instance')
        .option('--since <duration>', 'all of the time since then, such as 15m, 1h, 7d')
        .option('--of <thing>', 'only frontend/NAME, backend/NAME, server/BACKEND/NAME or process')
        .option('--step <duration>', 'from one point to the next, such as 10s, 1m'),
  );
}
