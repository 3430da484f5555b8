// `login`, `logout`, `whoami`, `user`, `token`, `audit`: who may do what, and who did.

import { type Command, Option } from 'commander';
import { type Role, roles } from '../domain/access.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { parseDurationMs } from './duration.ts';
import { type CommandLine, clientVerbs, type Given } from './verb.ts';

const auditMax = 5_000;

const several = (value: string, before: readonly string[] | undefined) => [
  ...(before ?? []),
  value,
];

/** Adds the verbs about access to the program. */
export function addAccessVerbs(program: Command, line: CommandLine): void {
  const group = program.commandsGroup('Access:');
  addLoginVerbs(group, line);
  addUserVerbs(group, line);
  addTokenVerbs(group, line);
  addAuditVerbs(group, line);
  clientVerbs(group, line)(
    'revoke',
    "take back a host's certificates, at once; it may join again by a new token",
    ["revoke host-3 --reason 'stolen from the rack'"],
    async (session, [host = ''], given) => {
      const { revokeHost } = await import('./commands/token.ts');
      await revokeHost(session, host, given.text('reason') ?? '');
    },
    (command) =>
      command
        .argument('<host>', 'the host')
        .requiredOption('--reason <text>', 'why, for the record'),
  );
}

function addLoginVerbs(group: Command, line: CommandLine): void {
  const verb = clientVerbs(group, line);
  verb(
    'login',
    'log in, and keep the login for the commands that follow',
    [
      'login --server https://lb-control.example.com:7080 --user ann',
      'login --invitation bhi.… --user ann',
    ],
    async (session, _, given) => {
      const { login } = await import('./commands/login.ts');
      const user = given.text('user');
      const invitation = given.text('invitation');
      if (user === undefined && invitation === undefined) throw nobodyNamed();
      await login(session, { user, invitation, passwordFile: given.text('passwordFile') });
    },
    (command) =>
      command
        .option('--user <name>', 'who one is; an invitation names its user')
        .option('--invitation <word>', 'choose a password by it')
        .option('--password-file <path>', 'file that holds the password (default: asked for)'),
  );
  verb('logout', 'end the login, and forget it', ['logout'], async (session) => {
    const { logout } = await import('./commands/login.ts');
    await logout(session);
  });
  verb(
    'whoami',
    'say who one is, and what one may',
    ['whoami', 'whoami -o json'],
    async (session) => {
      const { whoami } = await import('./commands/login.ts');
      await whoami(session);
    },
  );
}

function addUserVerbs(group: Command, line: CommandLine): void {
  const user = group.command('user').description('who may do what');
  const verb = clientVerbs(user, line);
  const named = (command: Command) => command.argument('<name>', 'the user');
  verb('list', 'list the users', ['user list'], async (session) => {
    const { listUsers } = await import('./commands/user.ts');
    await listUsers(session);
  });
  verb(
    'add',
    'add a user, and print the invitation by which they choose a password',
    ['user add ann --role operator', 'user add bob --role viewer --owner shop --owner bank'],
    async (session, [name = ''], given) => {
      const { addUser } = await import('./commands/user.ts');
      await addUser(session, name, { role: roleOf(given), owners: ownersOf(given) });
    },
    (command) => withGrant(named(command)),
  );
  verb(
    'set',
    'change what a user may; ends their logins',
    ['user set ann --role admin', 'user set bob --owner shop', 'user set bob --all-owners'],
    async (session, [name = ''], given) => {
      const { changeUser } = await import('./commands/user.ts');
      const isOwnersGiven = given.has('owner') || given.is('allOwners');
      await changeUser(session, name, {
        ...(given.has('role') ? { role: roleOf(given) } : {}),
        ...(isOwnersGiven ? { owners: ownersOf(given) } : {}),
      });
    },
    (command) =>
      named(command)
        .addOption(new Option('--role <role>', 'what they may').choices([...roles]))
        .option('--owner <name>', 'whose instances they see; repeatable', several)
        .option('--all-owners', 'they see all of the fleet'),
  );
  verb(
    'passwd',
    "change one's own password, or print an invitation by which a user chooses a new one",
    ['user passwd', 'user passwd ann'],
    async (session, [name], given) => {
      const { setPassword } = await import('./commands/user.ts');
      const files = { old: given.text('passwordFile'), new: given.text('newPasswordFile') };
      await setPassword(session, name, files);
    },
    (command) =>
      command
        .argument('[name]', "the user (default: one's own password)")
        .option('--password-file <path>', 'file that holds the present password')
        .option('--new-password-file <path>', 'file that holds the new one'),
  );
  for (const [name, summary, isDisabled] of [
    ['disable', 'let a user do nothing any more, nor their tokens', true],
    ['enable', 'let a user in again', false],
  ] as const) {
    verb(
      name,
      summary,
      [`user ${name} ann`],
      async (session, [user = '']) => {
        const { changeUser } = await import('./commands/user.ts');
        await changeUser(session, user, { isDisabled });
      },
      named,
    );
  }
  verb(
    'rm',
    'remove a user with their tokens',
    ['user rm ann'],
    async (session, [name = '']) => {
      const { removeUser } = await import('./commands/user.ts');
      await removeUser(session, name);
    },
    named,
  );
}

function addTokenVerbs(group: Command, line: CommandLine): void {
  const token = group
    .command('token')
    .description('tokens of the API, and those by which hosts join');
  const verb = clientVerbs(token, line);
  verb(
    'create',
    'make a token of the API; with --host, a one-time token by which the agent of a host joins',
    [
      'token create ci --role operator --owner shop --expires 90d',
      'token create --host host-4',
      'token create --host host-4 --ttl 15m -o json',
    ],
    async (session, [name], given) => {
      const { createJoinToken, createToken } = await import('./commands/token.ts');
      const host = given.text('host');
      if (host !== undefined && name === undefined) {
        return createJoinToken(session, host, parseDurationMs(given.text('ttl') ?? '', '--ttl'));
      }
      if (name === undefined || host !== undefined) throw noToken();
      const lifeMs = parseDurationMs(given.text('expires') ?? '', '--expires');
      const grant = { role: roleOf(given), owners: ownersOf(given) };
      return createToken(session, name, { ...grant, lifeS: Math.round(lifeMs / 1_000) });
    },
    (command) =>
      withGrant(command.argument('[name]', 'what the token of the API is called'))
        .option('--expires <duration>', 'how long it is good, 366d at most', '30d')
        .option('--host <name>', 'the host that may join by it')
        .option('--ttl <duration>', 'how long a host may join by it', '1h'),
  );
  verb('list', "list one's tokens; an admin's list has all", ['token list'], async (session) => {
    const { listTokens } = await import('./commands/token.ts');
    await listTokens(session);
  });
  verb(
    'revoke',
    'make a token of the API no good, at once',
    ['token revoke ci'],
    async (session, [name = '']) => {
      const { revokeToken } = await import('./commands/token.ts');
      await revokeToken(session, name);
    },
    (command) => command.argument('<name>', 'as in: token list'),
  );
}

function addAuditVerbs(group: Command, line: CommandLine): void {
  const audit = group.command('audit').description('every change and every refusal');
  const verb = clientVerbs(audit, line);
  verb(
    'list',
    'list the newest changes and refusals',
    ['audit list', 'audit list --limit 500 -o json'],
    async (session, _, given) => {
      const { listAudit } = await import('./commands/audit.ts');
      await listAudit(session, given.whole('limit', '--limit', 1, auditMax));
    },
    (command) => command.option('--limit <count>', 'how many of the newest', '50'),
  );
  verb(
    'export',
    'print the audit log, a JSON object a line',
    ['audit export > audit.jsonl', 'audit export --after 1200 >> audit.jsonl'],
    async (session, _, given) => {
      const { exportAudit } = await import('./commands/audit.ts');
      await exportAudit(session, given.whole('after', '--after', 0, Number.MAX_SAFE_INTEGER));
    },
    (command) => command.option('--after <id>', 'only rows after this one', '0'),
  );
  verb(
    'verify',
    'check that nothing in the audit log was changed, lost or slipped in',
    ['audit verify', 'audit verify --after 1200:3f…', 'audit verify --file audit.jsonl'],
    async (session, _, given) => {
      const { verifyAudit } = await import('./commands/audit.ts');
      await verifyAudit(session, { file: given.text('file'), known: given.text('after') });
    },
    (command) =>
      command
        .option('--file <path>', "an export, in place of the server's log")
        .option('--after <id:hash>', 'go on where an earlier check has ended'),
  );
}

function withGrant(command: Command): Command {
  return command
    .addOption(new Option('--role <role>', 'what it may').choices([...roles]).default('viewer'))
    .option('--owner <name>', 'only instances of this owner; repeatable (default: all)', several);
}

function roleOf(given: Given): Role {
  return roles.find((role) => role === given.text('role')) ?? 'viewer';
}

function ownersOf(given: Given): readonly string[] | null {
  const owners = given.texts('owner');
  return owners.length === 0 ? null : owners;
}

function nobodyNamed(): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    'nobody is named',
    'Give --user NAME, or --invitation WORD.',
  );
}

function noToken(): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    'it is not said which token to make',
    'Give it a name, for the API, or --host NAME, for a host that is to join; not both.',
  );
}
