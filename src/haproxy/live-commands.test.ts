import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LiveChange } from '../domain/live.ts';
import { changeCommands, holds, readServers, showCommand } from './live-commands.ts';

const shown = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
4 api 1 s1 198.18.0.5 2 8 50 10 0 6 3 4 6 0 0 0 - 80 - 0 0 - - 0
4 api 2 s2 - 0 5 1 1 9 1 0 2 0 0 0 0 - 0 - 0 0 - - 0
4 api 3 s3 2001:db8::5 2 4 1 1 9 1 0 2 0 0 0 0 - 80 - 0 0 - - 0
`;
const server = { kind: 'server', backend: 'api', server: 's1' } as const;
const nothing = { state: null, weight: null, address: null, port: null } as const;

test('servers as HAProxy has them', () => {
  assert.deepEqual(
    readServers(shown).map((one) => [one.server, one.state, one.isUp, one.weight, one.address]),
    [
      ['s1', 'drain', true, 50, '198.18.0.5'],
      ['s2', 'maint', false, 1, null],
      // Disabled by the configuration, and ready since.
      ['s3', 'ready', true, 1, '2001:db8::5'],
    ],
  );
});

test('only what is wanted of a server is said, and a port goes with its address', () => {
  const commands = (change: Partial<LiveChange>) =>
    changeCommands({ ...server, ...nothing, ...change } as LiveChange, shown);
  assert.deepEqual(commands({ state: 'maint' }), ['set server api/s1 state maint']);
  assert.deepEqual(commands({ weight: 0, state: 'drain' }), [
    'set server api/s1 weight 0',
    'set server api/s1 state drain',
  ]);
  assert.deepEqual(commands({ port: 81 }), ['set server api/s1 addr 198.18.0.5 port 81']);
  assert.deepEqual(commands({ address: '2001:db8::9' }), ['set server api/s1 addr 2001:db8::9']);
  assert.equal(holds({ ...server, ...nothing, state: 'drain', weight: 50 }, shown), true);
  assert.equal(holds({ ...server, ...nothing, state: 'ready' }, shown), false);
});

// What HAProxy could read as another word, command, payload, entry or version.
const awkward = [
  ';',
  '\n',
  '\r',
  ' ',
  '\t',
  '\\',
  '"',
  "'",
  '<<',
  '\0',
  '\u007f',
  'é',
  '#0x1',
  '@1',
];

test('no text can become another word or command', () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.string(), fc.constantFrom(...awkward), fc.string()).map((parts) => parts.join('')),
  );
  const change = fc.oneof(
    fc.record({ backend: text, server: text }).map(
      (names): LiveChange => ({
        ...{ ...nothing, kind: 'server', state: 'drain', ...names },
      }),
    ),
    fc
      .record({ address: text })
      .map(({ address }): LiveChange => ({ ...server, ...nothing, address })),
    fc.record({ file: text, key: text, value: text }).map(
      (words): LiveChange => ({
        ...{ kind: 'map', ...words },
      }),
    ),
    fc.record({ file: text, key: text }).map(
      (words): LiveChange => ({
        ...{ kind: 'acl', isPresent: true, ...words },
      }),
    ),
    fc.record({ table: text, key: text }).map((words): LiveChange => ({ kind: 'table', ...words })),
  );
  fc.assert(
    fc.property(change, (one) => {
      let commands: readonly string[];
      try {
        commands = [
          ...(one.kind === 'table' ? [] : [showCommand(one)]),
          ...changeCommands(one, ''),
        ];
      } catch {
        return;
      }
      for (const command of commands) {
        assert.match(command, /^[!#$%&()*+,./0-9:=>?@A-Z[\]^_`a-z{|}~ -]+$/);
        const words = command.split(' ');
        assert.ok(words.length <= 6 && words.every((word) => word !== ''), command);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('each of these is refused where a command is made of it', () => {
  for (const bad of awkward.flatMap((part) => [part, `a${part}`, `${part}a`])) {
    if (bad === 'a#0x1' || bad === 'a@1') continue;
    const changes: readonly LiveChange[] = [
      { ...server, ...nothing, state: 'drain', server: bad },
      { ...server, ...nothing, state: 'drain', backend: bad },
      { ...server, ...nothing, address: bad },
      { kind: 'map', file: bad, key: 'k', value: 'v' },
      { kind: 'map', file: 'f', key: bad, value: 'v' },
      { kind: 'map', file: 'f', key: 'k', value: bad },
      { kind: 'acl', file: 'f', key: bad, isPresent: true },
      { kind: 'table', table: bad, key: null },
      { kind: 'table', table: 't', key: bad },
    ];
    for (const change of changes) {
      assert.throws(() => changeCommands(change, ''), /is no word/, JSON.stringify(change));
    }
  }
});
