// `config render` needs no server: it has none of a client's options.

import type { Command } from 'commander';
import { type CommandLine, does, withOutputOption } from './verb.ts';

/** Adds the verb that shows what HAProxy configuration a spec comes to, to the group `config`. */
export function addConfigRenderVerb(program: Command, line: CommandLine): void {
  const group =
    program.commands.find((command) => command.name() === 'config') ??
    program.command('config').description("configurations of instances, in HAProxy's own words");
  const command = group
    .command('render')
    .description('print the HAProxy configuration that a spec comes to, without a server')
    .requiredOption('-f, --file <file>', 'the spec; - for standard input')
    .option('--instance <name>', 'only of this instance');
  does(
    line,
    withOutputOption(command),
    [
      'config render -f shop.yaml',
      'config render -f shop.yaml --instance shop-web > shop-web.cfg',
      'config render -f - -o json < shop.yaml',
    ],
    async (session, _, given) => {
      const { renderConfigs } = await import('./commands/config-render.ts');
      return renderConfigs(session, {
        file: given.text('file') ?? '-',
        instance: given.text('instance'),
      });
    },
  );
}
