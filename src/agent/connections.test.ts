import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countInbound, parseTcpTable } from './connections.ts';

// Read from a container's namespace: HAProxy listening on 80 (0x50), one client connection
// established, one in TIME_WAIT, one connection of HAProxy's own to a backend on 8080 (0x1F90).
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0A0A12C6:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000    99        0 1 1 0 100 0 0 10 0
   1: 0A0A12C6:0050 020012C6:D431 01 00000000:00000000 00:00000000 00000000    99        0 2 1 0 20 4 1 10 -1
   2: 0A0A12C6:0050 020012C6:D432 06 00000000:00000000 03:00000C3F 00000000     0        0 0 3 0
   3: 0A0A12C6:C350 1F0012C6:1F90 01 00000000:00000000 00:00000000 00000000    99        0 3 1 0 20 4 1 10 -1
`;

test('only open connections of clients count', () => {
  const rows = parseTcpTable(table);
  assert.equal(rows.length, 4);
  assert.deepEqual(rows[0], { localPort: 80, state: 10 });
  assert.equal(countInbound(rows), 1);
});

test('a half-open handshake and an answer still being sent count as open', () => {
  const listening = { localPort: 80, state: 10 };
  for (const state of [3, 4, 8, 9, 11])
    assert.equal(countInbound([listening, { localPort: 80, state }]), 1);
  for (const state of [2, 5, 6, 7])
    assert.equal(countInbound([listening, { localPort: 80, state }]), 0);
});

test('IPv6 rows are read too', () => {
  const row =
    '   0: B80D0120000010000000000010000000:0050 00000000000000000000000000000000:0000 0A 00000000:0 ';
  assert.deepEqual(parseTcpTable(row), [{ localPort: 80, state: 10 }]);
});
