import assert from 'node:assert/strict';
import { test } from 'node:test';
import { descriptionOf, parseCheckedServers, parseFailedServers } from './haproxy-socket.ts';

// Answers of HAProxy 2.6.12, shortened in the number of fields that are not read.
const serversState = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 shop 1 shop-1 198.18.0.31 2 0 1 1 10 15 3 4 6 0 0 0 - 8080 - 0 0 - - 0
3 shop 2 shop-2 198.18.0.32 2 0 1 1 10 1 0 0 0 0 0 0 - 8080 - 0 0 - - 0

`;

test('servers with a health check are found, others are left alone', () => {
  assert.deepEqual(parseCheckedServers(serversState), ['shop/shop-1']);
  assert.deepEqual(parseCheckedServers(''), []);
});

test('servers that their checks took for dead are found, the lately failed ones alone', () => {
  const rows = [
    '3 shop 1 lately 198.18.0.31 0 0 1 1 4 7 2 0 6 0 0 0 - 8080 - 0 0 - - 0',
    '3 shop 2 before 198.18.0.32 0 0 1 1 5 7 2 0 6 0 0 0 - 8080 - 0 0 - - 0',
    '3 shop 3 unchecked 198.18.0.33 0 1 1 1 1 1 0 0 0 0 0 0 - 8080 - 0 0 - - 0',
  ];
  const state = serversState.trimEnd() + `\n${rows.join('\n')}\n\n`;
  assert.deepEqual(parseFailedServers(state, 4), ['shop/lately']);
});

test('the description is read from show info', () => {
  assert.equal(
    descriptionOf('Name: HAProxy\ndescription: bridgehead-abc\nTasks: 4\n'),
    'bridgehead-abc',
  );
  assert.equal(descriptionOf('Name: HAProxy\n'), '');
});
