import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWrk } from './wrk.ts';

// As wrk 4.1.0 prints it.
const said = `Running 3s test @ http://198.18.10.10/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.21ms    1.02ms  31.75ms   86.41%
    Req/Sec    12.31k   812.20    13.90k    70.00%
  Latency Distribution
     50%    4.97ms
     75%    5.61ms
     90%    6.27ms
     99%  980.00us
  36753 requests in 3.00s, 41.22MB read
Requests/sec:  12244.71
Transfer/sec:     13.73MB
`;

test('figures of a run without faults', () => {
  assert.deepEqual(parseWrk(said), {
    requestsPerSecond: 12244.71,
    bytesPerSecond: 13.73 * 2 ** 20,
    p99Ms: 0.98,
    errors: 0,
  });
});

test('every kind of error counts', () => {
  const faults =
    '  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx responses: 10\n';
  assert.equal(parseWrk(said.replace('Requests/sec', `${faults}Requests/sec`)).errors, 17);
});

test('what is no report of wrk is said to be none', () => {
  assert.throws(() => parseWrk('unable to connect'), /wrk printed no/);
});
