// `crash boots`, `soak`, `survival`, `compare`, `before`: what the numbers of crashes say, of the fleet
// on a server, or of files without one.

import type { Command } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { parseDurationMs } from './duration.ts';
import { type CommandLine, clientVerbs, type Given } from './verb.ts';

const windowLeastMs = 60_000;
const windowMaxMs = 86_400_000;

/** Adds the verbs that reckon with crashes to `crash`. */
export function addAnalysisVerbs(crash: Command, line: CommandLine): void {
  const verb = clientVerbs(crash, line);
  verb(
    'boots',
    'list what hosts booted, for how long each was watched, and how it ended',
    ['crash boots', 'crash boots --host lb-1 -o json'],
    async (session, _, given) => {
      const { listBoots } = await import('./commands/crash-boots.ts');
      const limit = given.whole('limit', '--limit', 1, 20_000);
      await listBoots(session, given.text('host'), limit);
    },
    (command) =>
      command
        .option('--host <name>', 'only of this host')
        .option('--limit <count>', 'how many of the newest', '100'),
  );
  verb(
    'soak',
    'say whether crashes have become rarer since a change, and how long to watch',
    [
      'crash soak --since 2026-11-01 --with kernel=6.1.0-21-amd64',
      'crash soak --since 30d --group v1-0f3a9c1b2d4e5f60',
      'crash soak --before 3 --before-days 97 --after 0 --after-days 120 --hosts 3',
    ],
    async (session, _, given) => {
      const { tellFleetSoak, tellSoak } = await import('./commands/crash-soak.ts');
      const isOfFleet = given.has('since') || given.has('with');
      await (isOfFleet ? tellFleetSoak : tellSoak)(session, given);
    },
    (command) =>
      whichCrashes(command)
        .option('--since <date>', 'of the fleet: when the change was, a date or a duration ago')
        .option('--with <fact=value>', 'of the fleet: what only changed hosts have')
        .option('--before <crashes>', 'without a server: crashes of this kind before the change')
        .option('--before-days <host-days>', 'days that hosts ran before it, all added up')
        .option('--after <crashes>', 'crashes since then')
        .option('--after-days <host-days>', 'days that changed hosts have run since then')
        .option('--hosts <count>', 'hosts that run with the change now')
        .option('--confidence <percent>', 'how sure it has to be, 50 to 99.9', '95'),
  );
  verb(
    'survival',
    'show how long boots last, by group, and whether groups differ',
    ['crash survival --by kernel', 'crash survival boots.jsonl'],
    async (session, [file], given) => {
      const { tellFleetSurvival, tellSurvival } = await import('./commands/crash-survival.ts');
      await (file === undefined ? tellFleetSurvival(session, given) : tellSurvival(session, file));
    },
    (command) =>
      whichCrashes(command)
        .argument('[file]', 'one boot a line, as JSON, - for the standard input; else the fleet')
        .option('--by <fact>', 'of the fleet: the fact to compare by'),
  );
  verb(
    'compare',
    'show what is different about the hosts that crash, or about what they say before',
    [
      'crash compare',
      'crash compare hosts.jsonl',
      'crash compare --logs lb-1.log lb-2.log --healthy lb-4.log',
    ],
    async (session, [file], given) => {
      const logs = given.texts('logs');
      if (logs.length > 0) {
        const { comparePrecursors } = await import('./commands/crash-precursors.ts');
        return comparePrecursors(session, logs, given.texts('healthy'), windowOf(given));
      }
      const { tellDifferences, tellFleetDifferences } = await import('./commands/crash-compare.ts');
      return file === undefined
        ? tellFleetDifferences(session, given)
        : tellDifferences(session, file);
    },
    (command) =>
      whichCrashes(command)
        .argument('[file]', 'one host a line, as JSON, - for the standard input; else the fleet')
        .option('--logs <file...>', 'in place of it: logs with crash reports in them')
        .option('--healthy <file...>', 'logs of hosts that did not crash, to hold them against')
        .option('--window <duration>', 'how long before a crash lines count', '1h'),
  );
  verb(
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

function whichCrashes(command: Command): Command {
  return command
    .option('--group <id>', 'of the fleet: only crashes of this group')
    .option(
      '--unknown-crashed',
      'of the fleet: boots that ended nobody knows how count as crashed',
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
