// The verbs that speak to the API. What they do is loaded when one of them runs.

import type { Command } from 'commander';
import { type CommandLine, clientVerbs, keyOf, withKeyOption } from './verb.ts';

/** Adds the verbs of the fleet to the program. */
export function addFleetVerbs(program: Command, line: CommandLine): void {
  const group = program.commandsGroup('Fleet:');
  const verb = clientVerbs(group, line);
  verb(
    'apply',
    'apply a spec as a whole, or show what it would change',
    ['apply -f shop.yaml --dry-run', 'apply -f shop.yaml --prune --wait', 'apply -f - < shop.yaml'],
    async (session, _, given) => {
      const { apply } = await import('./commands/apply.ts');
      return apply(session, {
        file: given.text('file') ?? '-',
        dryRun: given.is('dryRun'),
        prune: given.is('prune'),
        takeOver: given.is('takeOver'),
        rollout: given.is('rollout'),
        reason: given.text('reason') ?? '',
        isRendered: given.is('rendered'),
        isWaiting: given.is('wait'),
        key: keyOf(given),
      });
    },
    (command) =>
      withKeyOption(command)
        .requiredOption('-f, --file <file>', 'the spec; - for standard input')
        .option('--dry-run', 'check it and show what it would change, change nothing')
        .option('--prune', 'delete pools and instances that the spec does not name')
        .option('--take-over', 'let instances get another owner than they have')
        .option(
          '--rollout',
          'give instances another configuration in batches, watched (see rollout)',
        )
        .option('--reason <text>', 'why; kept with the versions of the configurations')
        .option('--rendered', 'with --dry-run: show what changes in what HAProxy reads, too')
        .option('--wait', 'wait until what it begins has ended'),
  );
  verb(
    'get <kind> [name]',
    'list hosts, pools, instances or events, or show one',
    ['get hosts', 'get instances -o json', 'get pool public-v4 -o yaml'],
    async (session, [kind = '', name]) => {
      const { get } = await import('./commands/get.ts');
      return get(session, kind, name);
    },
  );
  verb(
    'describe <kind> <name>',
    'show the whole record of a host, pool or instance with its last events',
    ['describe instance shop-web', 'describe host host-1'],
    async (session, [kind = '', name = '']) => {
      const { describe } = await import('./commands/describe.ts');
      return describe(session, kind, name);
    },
  );
  verb(
    'explain <instance>',
    'say why an instance is where it is and what other hosts would be worth',
    ['explain shop-web'],
    async (session, [instance = '']) => {
      const { explain } = await import('./commands/explain.ts');
      return explain(session, instance);
    },
  );
  verb(
    'capacity',
    'show what the loss of each host, rack or zone would do',
    ['capacity', 'capacity -o json'],
    async (session) => {
      const { capacity } = await import('./commands/capacity.ts');
      return capacity(session);
    },
  );
  verb(
    'cordon <host>',
    'place nothing new on a host',
    ["cordon host-1 --reason 'kernel upgrade'"],
    async (session, [host = ''], given) => {
      const { cordon } = await import('./commands/cordon.ts');
      return cordon(session, host, given.text('reason') ?? '');
    },
    (command) => command.option('--reason <reason>', 'shown with the host'),
  );
  verb(
    'uncordon <host>',
    'let instances be placed on a host again',
    ['uncordon host-1'],
    async (session, [host = '']) => {
      const { uncordon } = await import('./commands/cordon.ts');
      return uncordon(session, host);
    },
  );
  verb(
    'events',
    'list what happened, oldest first',
    ['events --limit 20', 'events --object instance/shop-web --follow', 'events --follow -o json'],
    async (session, _, given) => {
      const { events } = await import('./commands/events.ts');
      const limit = given.whole('limit', '--limit', 1, 1_000);
      return events(session, { object: given.text('object'), limit, follow: given.is('follow') });
    },
    (command) =>
      command
        .option('--object <kind/name>', 'only of this object, such as instance/shop-web')
        .option('--limit <count>', 'how many of the newest', '100')
        .option('--follow', 'go on with what comes'),
  );
  verb(
    'status',
    'show how the scheduler and its fleet do',
    ['status', 'status -o json'],
    async (session) => {
      const { status } = await import('./commands/status.ts');
      return status(session);
    },
  );
}
