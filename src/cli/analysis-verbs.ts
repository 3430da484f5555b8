// `crash soak`, `crash survival`, `crash compare`: what the numbers of crashes say, without a server.

import type { Command } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { parseDurationMs } from './duration.ts';
import { type CommandLine, clientVerbs, does, type Given, withOutputOption } from './verb.ts';

const windowLeastMs = 60_000;
const windowMaxMs = 86_400_000;

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
      .description(
        'show what is different about the hosts that crash, or about what they say before',
      )
      .argument('[file]', 'one host a line, as JSON; - is the standard input')
      .option('--logs <file...>', 'in place of it: logs with crash reports in them')
      .option('--healthy <file...>', 'logs of hosts that did not crash, to hold them against')
      .option('--window <duration>', 'how long before a crash lines count', '1h'),
  );
  does(
    line,
    compare,
    ['crash compare hosts.jsonl', 'crash compare --logs lb-1.log lb-2.log --healthy lb-4.log'],
    async (session, [file], given) => {
      const logs = given.texts('logs');
      if (logs.length > 0) {
        const { comparePrecursors } = await import('./commands/crash-precursors.ts');
        return comparePrecursors(session, logs, given.texts('healthy'), windowOf(given));
      }
      const { tellDifferences } = await import('./commands/crash-compare.ts');
      return tellDifferences(session, file ?? '-');
    },
  );
  clientVerbs(crash, line)(
    'before',
    'show what hosts said before they crashed and healthy hosts did not at the same time',
    ['crash before 12', 'crash before v1-0f3a9c1b2d4e5f60 --window 6h'],
    async (session, [which = ''], given) => {
      const { tellPrecursors } = await import('./commands/crash-precursors.ts');
      const wanted = /^\d{1,15}$/.test(which) ? { report: Number(which) } : { group: which };
      await tellPrecursors(session, { ...wanted, windowMs: windowOf(given) });
    },
    (command) =>
      command
        .argument('<id|group>', 'a number in: crash list, or an id in: crash groups')
        .option('--window <duration>', 'how long before a crash lines count', '1h'),
  );
}

/** @throws BridgeheadError REQUEST_INVALID */
function windowOf(given: Given): number {
  const text = given.text('window') ?? '';
  const windowMs = parseDurationMs(text, '--window');
  if (windowMs >= windowLeastMs && windowMs <= windowMaxMs) return windowMs;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `--window ${text} is not from 1m to 24h`,
    'Give --window such a time.',
  );
}
