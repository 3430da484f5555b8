import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerOverride } from '../domain/live.ts';
import { withKeptAddresses } from './kept-addresses.ts';

const server = (name: string, change: Partial<ServerOverride>): ServerOverride => ({
  ...{ kind: 'server', backend: 'api', server: name },
  ...{ state: null, weight: null, address: null, port: null, ...change },
});
const text = `backend api
    server s1 198.18.0.5:80 check # as it was
    server s2 [2001:db8::5] check
    server s3 api.example.com:80
    server s4 "\${IP}":80
    server s5 198.18.0.5:+1000
backend other
    server s1 198.18.0.5:80
`;

test('the address and the port that are kept stand in the line of their server, and in no other', () => {
  assert.equal(
    withKeptAddresses(text, [
      server('s1', { address: '2001:db8::9' }),
      server('s2', { port: 81 }),
      ...['s3', 's4', 's5'].map((name) => server(name, { address: '198.18.0.9', port: 82 })),
      server('gone', { address: '198.18.0.9' }),
    ]),
    text.replace('198.18.0.5:80', '[2001:db8::9]:80').replace('[2001:db8::5]', '[2001:db8::5]:81'),
  );
});

test('a server without a port gets an address alone, and one whose state is kept nothing', () => {
  const bare = 'backend api\n server s1 198.18.0.5\n';
  assert.equal(
    withKeptAddresses(bare, [server('s1', { address: '198.18.0.9' })]),
    bare.replace('.5', '.9'),
  );
  assert.equal(withKeptAddresses(bare, [server('s1', { state: 'drain', weight: 3 })]), bare);
});
