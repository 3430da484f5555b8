// `crash soak`, `crash survival`, `crash compare`: what the numbers of crashes say, without a server.

import type { Command } from 'commander';
import { type CommandLine, does, withOutputOption } from './verb.ts';

/** Adds the verbs that reckon with crashes to `crash`. */
export function addAnalysisVerbs(crash: Command, line: CommandLine): void {
  const soak = withOutputOption(
    crash
      .command('soak')
      .description('say whether crashes have become rarer since a change, and how long to watch')
      .requiredOption('--before <crashes>', 'crashes of this kind before the change')
      .requiredOption('--before-days <host-days>', 'days that hosts ran before it, all added up')
      .requiredOption('--after <crashes>', 'crashes since then')
      .requiredOption('--after-days <host-days>', 'days that changed hosts have run since then')
      .option('--hosts <count>', 'hosts that run with the change now')
      .option('--confidence <percent>', 'how sure it has to be, 50 to 99.9', '95'),
  );
  does(
    line,
    soak,
    ['crash soak --before 3 --before-days 97 --after 0 --after-days 120 --hosts 3'],
    async (session, _, given) => {
      const { tellSoak } = await import('./commands/crash-soak.ts');
      await tellSoak(session, given);
    },
  );
  const survival = withOutputOption(
    crash
      .command('survival')
      .description('show how long boots last, by group, and whether groups differ')
      .argument('<file>', 'one boot a line, as JSON; - is the standard input'),
  );
  does(line, survival, ['crash survival boots.jsonl'], async (session, [file = '']) => {
    const { tellSurvival } = await import('./commands/crash-survival.ts');
    await tellSurvival(session, file);
  });
  const compare = withOutputOption(
    crash
      .command('compare')
      .description('show what is different about the hosts that crash')
      .argument('<file>', 'one host a line, as JSON; - is the standard input'),
  );
  does(line, compare, ['crash compare hosts.jsonl'], async (session, [file = '']) => {
    const { tellDifferences } = await import('./commands/crash-compare.ts');
    await tellDifferences(session, file);
  });
}
