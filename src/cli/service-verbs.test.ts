import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentOptions, ServerOptions } from './options.ts';
import { runLine } from './test-terminal.ts';

async function optionsOf(argv: readonly string[]): Promise<ServerOptions | AgentOptions> {
  const seen: (ServerOptions | AgentOptions)[] = [];
  const { code, err } = await runLine(argv, { onService: (options) => seen.push(options) });
  assert.equal(err, '');
  assert.equal(code, 0);
  const [options] = seen;
  assert.ok(options !== undefined);
  return options;
}

test('server has its defaults', async () => {
  assert.deepEqual(await optionsOf(['server']), {
    name: null,
    dataDir: '/var/lib/bridgehead',
    secretKeyFile: null,
    certificateWarnDays: [30, 14, 7, 1],
    listen: ['127.0.0.1:7080'],
    ...{ apiCertificate: null, oidc: null },
    agentListen: '0.0.0.0:7443',
    netconsoleListen: null,
    ...{ syslogListen: null, syslogTlsListen: null, logDays: 30, logMessages: 5_000_000 },
    logBytes: 10_737_418_240,
    ...{ knownIssues: [], numberHours: 6, numberDays: 14, numberMib: 1_024 },
    powerOffCommand: null,
    agentAddress: null,
    databaseUrl: null,
    logLevel: 'info',
  });
});

test('server takes several addresses in place of the default one', async () => {
  const line =
    'server --name scheduler-2 --data-dir /d --secret-key-file /k --certificate-warn-days 60,2 --listen [::1]:80 --listen unix:/run/a.sock --api-cert /c --api-key /q --agent-listen :1 --netconsole-listen 0.0.0.0:6666 --syslog-listen :514 --syslog-tls-listen :6514 --log-days 7 --log-messages 10000 --log-bytes 2000000 --number-hours 2 --number-days 3 --number-mib 64 --power-off-command /p/off --agent-address a:2 --database-url postgres://x --log-level debug';
  assert.deepEqual(await optionsOf(line.split(' ')), {
    name: 'scheduler-2',
    dataDir: '/d',
    secretKeyFile: '/k',
    certificateWarnDays: [60, 2],
    listen: ['[::1]:80', 'unix:/run/a.sock'],
    ...{ apiCertificate: { certificate: '/c', key: '/q' }, oidc: null },
    agentListen: ':1',
    netconsoleListen: '0.0.0.0:6666',
    ...{ syslogListen: ':514', syslogTlsListen: ':6514', logDays: 7, logMessages: 10_000 },
    logBytes: 2_000_000,
    ...{ knownIssues: [], numberHours: 2, numberDays: 3, numberMib: 64 },
    powerOffCommand: '/p/off',
    agentAddress: 'a:2',
    databaseUrl: 'postgres://x',
    logLevel: 'debug',
  });
});

test('agent --server is the agent’s own, whatever the program’s says', async () => {
  const line = '--server http://api:1 agent --server a:7443 --server b:7443 --join-token T';
  assert.deepEqual(await optionsOf(line.split(' ')), {
    server: ['a:7443', 'b:7443'],
    dataDir: '/var/lib/bridgehead-agent',
    dockerSocket: '/var/run/docker.sock',
    joinToken: 'T',
    joinTokenFile: null,
    bootIdFile: '/proc/sys/kernel/random/boot_id',
    ...{ hasKmsg: true, pstoreDir: '/sys/fs/pstore', isPstoreRemoved: false },
    logLevel: 'info',
  });
});

test('agent is not satisfied by the program’s --server', async () => {
  const { code } = await runLine(['--server', 'http://api:1', 'agent']);
  assert.equal(code, 2);
});

test('an unknown log level is wrong usage', async () => {
  const { code, err } = await runLine(['server', '--log-level', 'loud']);
  assert.equal(code, 2);
  assert.match(err, /Allowed choices are trace, debug, info/);
});

test('one file of the API’s certificate without the other is refused', async () => {
  const { code, err } = await runLine(['server', '--api-cert', '/c']);
  assert.equal(code, 2);
  assert.match(err, /--api-key/);
});

test('server takes an identity provider, and says what is missing of one', async () => {
  const issuer = ['server', '--oidc-issuer', 'https://id.example.com/realm'];
  const client = [...issuer, '--oidc-client-id', 'bridgehead'];
  const url = [...client, '--public-url', 'https://lb.example.com'];
  for (const [argv, fault] of [
    [issuer, /needs --oidc-client-id/],
    [client, /needs --public-url/],
    [url, /nobody could come in/],
    [[...url.slice(0, -1), 'http://lb.example.com', '--oidc-admin', 'a'], /is no https:/],
    [[...url, '--oidc-admin', 'a', '--oidc-issuer', 'id.example.com'], /is no https:/],
  ] as const) {
    const { code, err } = await runLine(argv);
    assert.equal(code, 2);
    assert.match(err, fault);
  }
  const all = [...url, '--oidc-viewer', 'all', '--oidc-admin', 'root', '--oidc-admin', 'sre'];
  const options = (await optionsOf([...all, '--oidc-owners-claim', 'teams'])) as ServerOptions;
  assert.deepEqual(options.oidc, {
    issuer: new URL('https://id.example.com/realm'),
    publicUrl: new URL('https://lb.example.com'),
    ...{ clientId: 'bridgehead', clientSecretFile: null, name: 'id.example.com' },
    ...{ scopes: 'openid profile email', roleClaim: 'groups', nameClaim: 'preferred_username' },
    roleValues: { viewer: ['all'], operator: [], admin: ['root', 'sre'] },
    ownersClaim: 'teams',
  });
});
