// `import` needs no server: it has none of a client's options.

import type { Command } from 'commander';
import { type CommandLine, does, withOutputOption } from './verb.ts';

const several = (value: string, before: readonly string[] | undefined) => [
  ...(before ?? []),
  value,
];

/** Adds the verb that turns a haproxy.cfg into a spec. */
export function addImportVerb(program: Command, line: CommandLine): void {
  const command = program
    .commandsGroup('Fleet:')
    .command('import <file...>')
    .description('turn a haproxy.cfg into a spec, and say what became of each line')
    .option('--name <name>', "of the instance (default: that of 'node', or of the file)")
    .option('--owner <owner>', 'who owns the instance', 'imported')
    .option('--service <service>', 'what it is part of (default: its name)')
    .option('--image <image>', 'image that it runs', 'bridgehead/haproxy:2.6')
    .option('--pool <name[=cidr]>', 'pool of its addresses; repeatable', several)
    .option('--pool6 <name[=cidr]>', 'pool of its IPv6 addresses; repeatable', several)
    .option('--keep-addresses', 'ask the pools for the addresses that are in the file')
    .option('--one-address', 'let all addresses of a family become one')
    .option('--address <old=new>', 'what an address becomes; repeatable', several)
    .option('--env <name=value>', 'environment variable of HAProxy; repeatable', several)
    .option('--local-peer <name>', "this machine among its peers (default: the machine's name)")
    .option('--root <folder>', 'where the files are that it names by absolute paths (default: /)')
    .option('--partial', 'give a spec though lines are refused, with those as comments')
    .option('--check', 'have the HAProxy of this machine check the result')
    .option('--write <file>', 'where the spec goes (default: standard output)');
  does(
    line,
    withOutputOption(command),
    [
      'import /etc/haproxy/haproxy.cfg --name shop-web --owner team-shop --pool public-v4 > shop.yaml',
      'import haproxy.cfg --pool public-v4=198.18.10.0/24 --keep-addresses --check',
      'import /etc/haproxy/conf.d --address 203.0.113.7=198.18.10.7 --write shop.yaml',
      'import - -o json < haproxy.cfg | jq .lines',
    ],
    async (session, paths, given) => {
      const { importHaproxy } = await import('./commands/import.ts');
      return importHaproxy(session, {
        paths,
        name: given.text('name'),
        owner: given.text('owner') ?? '',
        service: given.text('service'),
        image: given.text('image') ?? '',
        pools: given.texts('pool'),
        pools6: given.texts('pool6'),
        addresses: given.texts('address'),
        variables: given.texts('env'),
        localPeer: given.text('localPeer'),
        isKeeping: given.is('keepAddresses'),
        isMerging: given.is('oneAddress'),
        root: given.text('root'),
        isPartial: given.is('partial'),
        isChecking: given.is('check'),
        write: given.text('write'),
      });
    },
  );
}
