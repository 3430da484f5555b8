// The verbs that begin operations and look at them. What they do is loaded when one of them runs.

import type { Command } from 'commander';
import type { WaitMode } from './commands/migrate.ts';
import { type CommandLine, clientVerbs, type Given, keyOf, withKeyOption } from './verb.ts';

/** Adds `migrate`, `drain`, `rebalance`, `failover` and `ops` to the program. */
export function addOperationVerbs(program: Command, line: CommandLine): void {
  const group = program.commandsGroup('Operations:');
  const verb = clientVerbs(group, line);
  verb(
    'migrate <instance>',
    'move an instance with its addresses to another host',
    ['migrate shop-web --to host-2', "migrate shop-web --to host-2 --reason 'new disk' --no-wait"],
    async (session, [instance = ''], given) => {
      const { migrate } = await import('./commands/migrate.ts');
      return migrate(session, instance, { to: given.text('to') ?? '', ...beginOf(given) });
    },
    (command) => withBeginOptions(command.requiredOption('--to <host>', 'where it goes')),
  );
  verb(
    'drain <host>',
    'cordon a host and move everything off it, the most important first',
    ['drain host-1', "drain host-1 --reason 'kernel upgrade' --wait"],
    async (session, [host = ''], given) => {
      const { drain } = await import('./commands/migrate.ts');
      return drain(session, host, beginOf(given));
    },
    withBeginOptions,
  );
  verb(
    'rebalance',
    'even out the load of the hosts, the least important instances first',
    ['rebalance --dry-run', "rebalance --max-moves 5 --reason 'host-3 is back'"],
    async (session, _, given) => {
      const { rebalance, showRebalancing } = await import('./commands/rebalance.ts');
      const movesMax = given.whole('maxMoves', '--max-moves', 1, 1_000);
      if (given.is('dryRun')) return showRebalancing(session, movesMax);
      return rebalance(session, movesMax, beginOf(given));
    },
    (command) =>
      withBeginOptions(
        command
          .option('--max-moves <count>', 'the most that are moved', '10')
          .option('--dry-run', 'say what would be moved'),
      ),
  );
  addFailoverVerbs(group, line);
  addOpsVerbs(group, line);
}

function addFailoverVerbs(program: Command, line: CommandLine): void {
  const failover = program
    .command('failover')
    .description('see what is held true of the hosts, and say whether failover acts');
  const verb = clientVerbs(failover, line);
  verb(
    'status',
    'show what the witnesses of each host say, and whether failover acts',
    ['failover status', 'failover status -o json'],
    async (session) => {
      const { showFailover } = await import('./commands/failover.ts');
      return showFailover(session);
    },
  );
  verb(
    'disarm',
    'fail nothing over, for maintenance',
    ["failover disarm --reason 'new switch'"],
    async (session, _, given) => {
      const { disarm } = await import('./commands/failover.ts');
      return disarm(session, given.text('reason') ?? '');
    },
    (command) => command.option('--reason <reason>', 'shown to everybody who looks'),
  );
  verb('arm', 'fail over again', ['failover arm'], async (session) => {
    const { arm } = await import('./commands/failover.ts');
    return arm(session);
  });
  verb(
    'confirm <host>',
    'say that a host is powered off, where its witnesses cannot prove it, and fail it over',
    ["failover confirm host-3 --powered-off --reason 'rack 3 has no power'"],
    async (session, [host = ''], given) => {
      const { confirmDead } = await import('./commands/failover.ts');
      return confirmDead(session, host, given.text('reason') ?? '');
    },
    (command) =>
      command
        .requiredOption('--powered-off', 'you know it: if it runs, its addresses answer twice')
        .option('--reason <reason>', 'kept with the operation'),
  );
}

function addOpsVerbs(program: Command, line: CommandLine): void {
  const ops = program.command('ops').description('look at operations, and cancel them');
  const verb = clientVerbs(ops, line);
  verb(
    'list',
    'list the operations that have not ended, the newest first',
    ['ops list', 'ops list --all --limit 20', 'ops list --object instance/shop-web --all'],
    async (session, _, given) => {
      const { listOperations } = await import('./commands/ops.ts');
      const limit = given.whole('limit', '--limit', 1, 1_000);
      return listOperations(session, {
        object: given.text('object'),
        isAll: given.is('all'),
        limit,
      });
    },
    (command) =>
      command
        .option('--object <kind/name>', 'only on this object, such as instance/shop-web')
        .option('--all', 'with those that have ended')
        .option('--limit <count>', 'how many of the newest', '100'),
  );
  verb(
    'show <id>',
    'show the whole record of an operation, step by step',
    ['ops show 5f0c1a52', 'ops show 5f0c1a52 -o yaml'],
    async (session, [id = '']) => {
      const { showOperation } = await import('./commands/ops.ts');
      return showOperation(session, id);
    },
  );
  verb(
    'watch <id>',
    'show the steps of an operation as they end; ends as the operation does',
    ['ops watch 5f0c1a52'],
    async (session, [id = '']) => {
      const { watchOperation } = await import('./commands/ops.ts');
      return watchOperation(session, id);
    },
  );
  verb(
    'cancel <id>',
    'end an operation before its time, and undo what it has done',
    ['ops cancel 5f0c1a52'],
    async (session, [id = '']) => {
      const { cancelOperation } = await import('./commands/ops.ts');
      return cancelOperation(session, id);
    },
  );
}

function withBeginOptions(command: Command): Command {
  return withKeyOption(
    command
      .option('--reason <reason>', 'kept with the operation')
      .option('--wait', 'get in line where another operation has it')
      .option('--no-wait', 'return once it has begun'),
  );
}

function beginOf(given: Given): {
  readonly reason: string;
  readonly mode: WaitMode;
  readonly key: string;
} {
  const mode = !given.has('wait') ? 'watch' : given.is('wait') ? 'queue' : 'return';
  return { reason: given.text('reason') ?? '', mode, key: keyOf(given) };
}
