// `servers`, `map`, `acl`, `table`, `override`: running HAProxys, looked into and changed without a
// reload.

import type { Command } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { type AddVerb, type CommandLine, clientVerbs, type Given } from './verb.ts';

const weightMax = 256;
const portMax = 65_535;

/** Adds the verbs of live control to the program. */
export function addLiveVerbs(program: Command, line: CommandLine): void {
  const group = program.commandsGroup('Live control:');
  const verbs = (name: string, description: string) =>
    clientVerbs(group.command(name).description(description), line);
  addServerVerbs(verbs('servers', 'servers of a running instance: state, weight, address'));
  for (const kind of ['map', 'acl'] as const) {
    addEntryVerbs(verbs(kind, `${kind}s of a running instance`), kind);
  }
  addTableVerbs(verbs('table', 'stick tables of a running instance'));
  addOverrideVerbs(verbs('override', 'what is kept of changes to a running instance'));
}

function addServerVerbs(verb: AddVerb): void {
  verb(
    'list <instance>',
    'the servers as HAProxy has them now',
    ['servers list shop-web'],
    async (session, [instance = '']) => {
      const { listServers } = await import('./commands/live.ts');
      return listServers(session, instance);
    },
  );
  verb(
    'set <instance> <server>',
    'set the state, weight or address of a server',
    [
      'servers set shop-web api/s1 --state drain --reason "new disk"',
      'servers set shop-web api/s1 --state ready --weight 50 --keep',
      'servers set shop-web api/s1 --address 192.0.2.7 --port 8080',
    ],
    async (session, [instance = '', server = ''], given) => {
      const { setServer } = await import('./commands/live.ts');
      const state = given.text('state');
      if (state !== undefined && !isState(state)) {
        throw wrong(`--state ${state} is no state`, 'Give ready, drain or maint.');
      }
      if (!/^[^/]+\/[^/]+$/.test(server)) {
        throw wrong(`${server} names no server`, 'Write it as BACKEND/SERVER.');
      }
      const whole = (name: string, max: number) =>
        given.has(name) ? { [name]: given.whole(name, `--${name}`, 0, max) } : {};
      const address = given.text('address');
      return setServer(session, instance, server, {
        ...(state === undefined ? {} : { state }),
        ...(address === undefined ? {} : { address }),
        ...whole('weight', weightMax),
        ...whole('port', portMax),
        ...orderOf(given),
      });
    },
    (command) =>
      withOrder(
        command
          .option('--state <state>', 'ready, drain (no new sessions) or maint (none at all)')
          .option('--weight <number>', `0 to ${weightMax}`)
          .option('--address <address>', 'IPv4 or IPv6')
          .option('--port <port>', 'its port'),
      ),
  );
}

function addEntryVerbs(verb: AddVerb, kind: 'map' | 'acl'): void {
  const file = kind === 'map' ? 'hosts.map' : 'blocked.lst';
  verb(
    'list <instance>',
    `the ${kind}s that are read from files`,
    [`${kind} list shop-web`],
    async (session, [instance = '']) => {
      const { listFiles } = await import('./commands/live.ts');
      return listFiles(session, instance, kind);
    },
  );
  verb(
    'show <instance> <file>',
    'its entries',
    [`${kind} show shop-web ${file}`],
    async (session, [instance = '', of = '']) => {
      const { showEntries } = await import('./commands/live.ts');
      return showEntries(session, instance, kind, of);
    },
  );
  const change = (name: string, summary: string, example: string, isThere: boolean) =>
    verb(
      `${name} <instance> <file> <key>${kind === 'map' && isThere ? ' <value>' : ''}`,
      summary,
      [example],
      async (session, [instance = '', of = '', key = '', value = ''], given) => {
        const { setEntry } = await import('./commands/live.ts');
        const wanted = kind === 'map' ? { value: isThere ? value : null } : { isPresent: isThere };
        return setEntry(session, instance, kind, { file: of, key, ...wanted, ...orderOf(given) });
      },
      withOrder,
    );
  const words = kind === 'map' ? 'shop.example.com api' : '192.0.2.66';
  change(
    kind === 'map' ? 'set' : 'add',
    kind === 'map' ? 'add an entry, or give it another value' : 'add an entry',
    `${kind} ${kind === 'map' ? 'set' : 'add'} shop-web ${file} ${words} --keep`,
    true,
  );
  const key = words.split(' ')[0] ?? '';
  change('delete', 'delete an entry', `${kind} delete shop-web ${file} ${key}`, false);
}

function addTableVerbs(verb: AddVerb): void {
  const withKey = (command: Command) => command.option('--key <key>', 'only the entry of this key');
  verb(
    'list <instance>',
    'the stick tables',
    ['table list shop-web'],
    async (session, [instance = '']) => {
      const { listTables } = await import('./commands/live.ts');
      return listTables(session, instance);
    },
  );
  verb(
    'show <instance> <table>',
    'its entries',
    ['table show shop-web callers', 'table show shop-web callers --key 192.0.2.66'],
    async (session, [instance = '', table = ''], given) => {
      const { showTable } = await import('./commands/live.ts');
      return showTable(session, instance, table, given.text('key') ?? null);
    },
    withKey,
  );
  verb(
    'clear <instance> <table>',
    'forget its entries',
    ['table clear shop-web callers --key 192.0.2.66 --reason "counted by mistake"'],
    async (session, [instance = '', table = ''], given) => {
      const { clearTable } = await import('./commands/live.ts');
      const [key, reason] = [given.text('key') ?? null, given.text('reason') ?? ''];
      return clearTable(session, instance, table, { key, reason });
    },
    (command) => withKey(withReason(command)),
  );
}

function addOverrideVerbs(verb: AddVerb): void {
  verb(
    'list <instance>',
    'what every load, failover and migration does again',
    ['override list shop-web'],
    async (session, [instance = '']) => {
      const { listOverrides } = await import('./commands/live.ts');
      return listOverrides(session, instance);
    },
  );
  verb(
    'remove <instance> <what...>',
    'keep it no longer; what runs stays as it is until the next load',
    ['override remove shop-web server api/s1'],
    async (session, [instance = '', ...words], given) => {
      const { removeOverride } = await import('./commands/live.ts');
      const reason = given.text('reason') ?? '';
      return removeOverride(session, instance, { what: words.join(' '), reason });
    },
    withReason,
  );
}

function withReason(command: Command): Command {
  return command.option('--reason <text>', 'why, for others');
}

function withOrder(command: Command): Command {
  return withReason(command).option(
    '--keep',
    'do it again after every load, failover and migration (see override)',
  );
}

function orderOf(given: Given) {
  return { keep: given.is('keep'), reason: given.text('reason') ?? '' };
}

function isState(text: string): text is 'ready' | 'drain' | 'maint' {
  return ['ready', 'drain', 'maint'].includes(text);
}

function wrong(message: string, next: string): BridgeheadError {
  return new BridgeheadError('REQUEST_INVALID', message, next);
}
