import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Override, ServerOverride } from '../domain/live.ts';
import { serverStates, withServerStates } from './kept-servers.ts';

const server = (name: string, change: Partial<ServerOverride>): ServerOverride => ({
  ...{ kind: 'server', backend: 'api', server: name },
  ...{ state: null, weight: null, address: null, port: null, ...change },
});
const text = `# head
global
    node web
defaults
    mode http
backend api
    server s1 198.18.0.5:80
backend other
    server s1 198.18.0.5:80
`;

test('only the backends of kept servers read the file', () => {
  assert.equal(
    withServerStates(text, [server('s1', { state: 'drain' })]),
    text
      .replace('global\n', 'global\n    server-state-file /run/haproxy/servers.state\n')
      .replace('backend api\n', 'backend api\n    load-server-state-from-file global\n'),
  );
});

test('nothing is added where nothing of it is kept, or where the owner does it', () => {
  const map: Override = { kind: 'map', file: 'hosts.map', key: 'a', value: 'b' };
  assert.equal(withServerStates(text, [map, server('s1', { address: '198.18.0.6' })]), text);
  const drain = [server('s1', { state: 'drain' })];
  const own = text.replace('node web', 'server-state-file /tmp/own');
  assert.equal(withServerStates(own, drain), own);
  const none = text.replace('backend api\n', 'backend api\n    load-server-state-from-file none\n');
  assert.doesNotMatch(withServerStates(none, drain), /from-file global/);
});

test('a row has what is kept, and of all else what the configuration says', () => {
  // HAProxy 2.6.12.
  const shown = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 api 1 s1 198.18.0.5 2 0 1 5 10 15 3 4 6 0 0 0 - 80 - 0 0 - - 0
3 api 2 s2 198.18.0.6 2 8 3 5 10 1 0 0 0 0 0 0 - 80 - 0 0 - - 0
3 api 3 s3 198.18.0.7 2 8 3 5 10 1 0 0 0 0 0 0 - 80 - 0 0 - - 0
`;
  const kept = [server('s1', { state: 'maint' }), server('s2', { weight: 9 })];
  const config = 'backend api\n server s1 198.18.0.5:81\n server s2 ::1:82 check\n';
  const rows = serverStates(shown, kept, config).trimEnd().split('\n').slice(2);
  assert.deepEqual(rows, [
    '3 api 1 s1 - 2 1 5 5 10 15 3 4 6 0 0 0 - 81 -',
    '3 api 2 s2 - 2 0 9 5 10 1 0 0 0 0 0 0 - 82 -',
  ]);
  const named = config.replace('198.18.0.5:81', '198.18.0.5').replace('::1:82', '${IP}:+1000');
  for (const nothing of [serverStates('', kept, config), serverStates(shown, kept, named)]) {
    assert.equal(nothing.trimEnd().split('\n').length, 2);
  }
});
