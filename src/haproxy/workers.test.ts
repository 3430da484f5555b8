import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardStopAfterMs, readWorkers } from './workers.ts';

test('old workers and loads are read from the words of the master', () => {
  // HAProxy 2.6.12.
  const answer = `#<PID>          <type>          <reloads>       <uptime>        <version>
1               master          3 [failed: 2]   0d00h02m07s     2.6.12-1+deb12u4
# workers
29              worker          0               0d00h00m02s     2.6.12-1+deb12u4
# old workers
8               worker          1               0d00h02m07s     2.6.12-1+deb12u4
15              worker          1               0d00h01m07s     2.6.12-1+deb12u4
# programs

`;
  assert.deepEqual(readWorkers(answer), { old: [8, 15], loads: '3 [failed: 2]' });
  assert.deepEqual(readWorkers(answer.replace(/# old[^#]*/, '')), {
    old: [],
    loads: '3 [failed: 2]',
  });
  assert.deepEqual(readWorkers(''), { old: [], loads: '' });
});

test('the last hard-stop-after holds, in whatever unit', () => {
  const config = (value: string) => `global\n hard-stop-after 60s\ndefaults\n${value}`;
  assert.equal(hardStopAfterMs(config('')), 60_000);
  assert.equal(hardStopAfterMs(config('global\n hard-stop-after 2m\n')), 120_000);
  assert.equal(hardStopAfterMs(config('global\n hard-stop-after 1500\n')), 1_500);
  assert.equal(hardStopAfterMs('global\n'), null);
});
