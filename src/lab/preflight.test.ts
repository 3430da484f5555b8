import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePorts } from './preflight.ts';

test('ports that follow one another are free, each of them', async (t) => {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  t.after(() => server.close());
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(freePorts(taken, 1), { code: 'IN_USE', message: RegExp(`port ${taken} `) });
  await assert.rejects(freePorts(taken - 2, 3), { code: 'IN_USE' });
  await assert.rejects(freePorts(65_535, 2), { code: 'REQUEST_INVALID' });
  const first = await freePorts(0, 3);
  assert.ok(first > 0 && first !== taken && first + 1 !== taken && first + 2 !== taken);
});
