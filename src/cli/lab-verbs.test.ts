import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { Lab, LabStatus } from './lab-contract.ts';
import { type Ran, runLine, type Surroundings } from './test-terminal.ts';

const status: LabStatus = {
  hosts: [
    { name: 'host-1', state: 'ready', address: '198.18.0.11' },
    { name: 'host-2', state: 'crashed', address: '198.18.0.12' },
  ],
  instances: [
    {
      name: 'shop-web',
      host: 'host-1',
      addresses: ['198.18.10.10', '2001:db8:0:10::10'],
      tier: 0,
    },
    { name: 'shop-api', host: null, addresses: [], tier: 1 },
  ],
  url: 'http://127.0.0.1:7085',
  schedulers: [{ name: 'scheduler', url: 'http://127.0.0.1:7085', state: 'running' }],
  parts: [
    { name: 'scheduler', state: 'running', pid: 4711 },
    { name: 'agent:host-2', state: 'dead', pid: null },
  ],
};

const summary = {
  url: 'http://127.0.0.1:7080',
  urls: ['http://127.0.0.1:7080'],
  hosts: 3,
  instances: 3,
  addresses: 6,
  tookMs: 41_200,
  contextPath: '/var/lib/bridgehead-lab/lab/context.json',
};

type Call = readonly [name: string, ...args: unknown[]];

async function lab(
  argv: readonly string[],
  around: Surroundings = {},
  parts: Partial<Lab> = {},
): Promise<Ran & { readonly calls: readonly Call[] }> {
  const calls: Call[] = [];
  const kept =
    <Result>(name: string, result: Result) =>
    (...args: readonly unknown[]): Promise<Result> => {
      calls.push([name, ...args.filter((arg) => typeof arg !== 'function')]);
      return Promise.resolve(result);
    };
  const standIn: Lab = {
    labUp: (options, report) => {
      calls.push(['labUp', options]);
      report({ name: 'namespaces', state: 'running', tookMs: null, detail: '' });
      report({ name: 'engine host-1', state: 'running', tookMs: null, detail: '' });
      report({ name: 'namespaces', state: 'done', tookMs: 800, detail: '6 of them' });
      report({ name: 'engine host-1', state: 'same', tookMs: 12, detail: '' });
      return Promise.resolve(summary);
    },
    labDown: kept('labDown', undefined),
    labStatus: kept('labStatus', status),
    labCrash: kept('labCrash', undefined),
    labPanic: kept('labPanic', undefined),
    labPartition: kept('labPartition', undefined),
    labHang: kept('labHang', undefined),
    labHeal: kept('labHeal', undefined),
    labExec: kept('labExec', 7),
    labKill: kept('labKill', undefined),
    labLoad: (name, { onSecond, ...load }) => {
      calls.push(['labLoad', name, load]);
      onSecond?.('1 s: 100 ok');
      return Promise.resolve({
        sent: 1_000,
        ok: 990,
        failed: 10,
        errors: { ECONNREFUSED: 8, timeout: 2 },
        latencyMs: { p50: 0.824, p99: 12.4, max: null },
        longestGapMs: 84.2,
      });
    },
    ...parts,
  };
  return { ...(await runLine(['lab', ...argv], { ...around, lab: standIn })), calls };
}

/** A lab that is not there when it is first looked for. */
function laterThere(): Lab['labStatus'] {
  let looks = 0;
  return () => {
    looks += 1;
    return looks > 1
      ? Promise.resolve(status)
      : Promise.reject(new BridgeheadError('NOT_FOUND', 'there is no lab', 'Make it.'));
  };
}

test('lab up of a new lab shows its steps, figures and what to type next', async () => {
  const { code, out, err, calls } = await lab(['up'], {}, { labStatus: laterThere() });
  assert.equal(code, 0);
  const [, options] = calls[0] ?? [];
  const { spec, ...rest } = options as { readonly spec: string };
  assert.deepEqual(rest, { name: 'lab', hosts: 3, port: 7080 });
  assert.match(spec, /\/examples\/shop\.yaml$/);
  assert.equal(
    err,
    `✓ namespaces                      800 ms  6 of them
= engine host-1                    12 ms
`,
  );
  assert.equal(
    out,
    `the lab is up: 3 hosts, 3 instances, 6 addresses, in 41.2 s
API: http://127.0.0.1:7080
Next:
  bridgehead get instances
  bridgehead lab load shop-web
  bridgehead migrate shop-web --to host-2
  bridgehead lab down
`,
  );
});

test('lab up of a lab that is there keeps its size and port', async () => {
  const { calls } = await lab(['up', '--no-example']);
  assert.deepEqual(calls[1], ['labUp', { name: 'lab', hosts: 2, port: 7085, spec: null }]);
});

test('lab up takes its options', async () => {
  const argv = ['up', '--name', 'b', '--hosts', '5', '--port', '7081', '-f', 'fleet.yaml'];
  const { calls, out } = await lab(argv);
  const options = { name: 'b', hosts: 5, port: 7081, spec: 'fleet.yaml' };
  assert.deepEqual(calls[0], ['labUp', options]);
  assert.match(out, /\n {2}bridgehead get instances --lab b\n/);
  assert.match(out, /\n {2}bridgehead lab down --name b\n$/);
  const several = await lab(['up', '--schedulers', '2']);
  assert.ok(JSON.stringify(several.calls[1]).includes('"schedulers":2'));
  for (const bad of [
    ['--hosts', '0'],
    ['--schedulers', '4'],
    ['--hosts', 'x'],
    ['--port', '65536'],
  ])
    assert.equal((await lab(['up', ...bad])).code, 2);
});

test('lab up -o json prints the figures with the steps that ended', async () => {
  const { out } = await lab(['up', '-o', 'json']);
  assert.deepEqual(JSON.parse(out), {
    ...summary,
    steps: [
      { name: 'namespaces', state: 'done', tookMs: 800, detail: '6 of them' },
      { name: 'engine host-1', state: 'same', tookMs: 12, detail: '' },
    ],
  });
});

test('on a terminal the steps under way are on a last line that is erased', async () => {
  const { err } = await lab(['up'], { isTty: true });
  assert.ok(err.includes('\r\u001B[K\u001B[2m… namespaces, engine host-1\u001B[22m\r\u001B[K'));
  assert.ok(err.endsWith('\r\u001B[K'));
});

test('lab status as tables and as JSON', async () => {
  assert.equal(
    (await lab(['status'])).out,
    `the lab, API http://127.0.0.1:7085

HOST    STATE    ADDRESS
host-1  ready    198.18.0.11
host-2  crashed  198.18.0.12

INSTANCE  HOST    TIER  ADDRESSES
shop-web  host-1     0  198.18.10.10 2001:db8:0:10::10
shop-api  -          1

PART          STATE     PID
scheduler     running  4711
agent:host-2  dead        -
`,
  );
  const { out } = await lab(['status', '-o', 'json']);
  assert.deepEqual(JSON.parse(out), status);
  const keys = ['hosts', 'instances', 'url', 'schedulers', 'parts'];
  assert.deepEqual(Object.keys(JSON.parse(out) as object), keys);
});

test('lab status of a lab with several schedulers shows where each is', async () => {
  const schedulers: LabStatus['schedulers'] = [
    { name: 'scheduler-1', url: 'http://127.0.0.1:7085', state: 'dead' },
    { name: 'scheduler-2', url: 'http://127.0.0.1:7086', state: 'running' },
  ];
  const labStatus = () => Promise.resolve({ ...status, schedulers });
  const { out } = await lab(['status'], {}, { labStatus });
  assert.ok(
    out.includes(`
SCHEDULER    STATE    API
scheduler-1  dead     http://127.0.0.1:7085
scheduler-2  running  http://127.0.0.1:7086
`),
    out,
  );
});

test('faults reach the host that was named, in the lab that was named', async () => {
  const crash = await lab(['crash', 'host-1', '--name', 'b']);
  assert.deepEqual(crash.calls, [['labCrash', { name: 'b' }, 'host-1', false]]);
  assert.equal(
    crash.out,
    'host host-1 is crashed; undo it with: bridgehead lab heal host-1 --name b\n',
  );
  const panic = await lab(['panic', 'host-1']);
  assert.deepEqual(panic.calls, [['labPanic', { name: 'lab' }, 'host-1', 'null-dereference']]);
  const unknown = await lab(['panic', 'host-1', '--fault', 'sunspots']);
  assert.equal(unknown.calls.length, 0);
  assert.match(unknown.err, /--fault sunspots .*null-dereference/s);
  const cut = await lab(['partition', 'host-1', '--from', 'control']);
  assert.deepEqual(cut.calls, [['labPartition', { name: 'lab' }, 'host-1', 'control']]);
  assert.equal((await lab(['partition', 'host-1', '--from', 'moon'])).code, 2);
  assert.deepEqual((await lab(['hang', 'host-1'])).calls, [['labHang', { name: 'lab' }, 'host-1']]);
  assert.deepEqual((await lab(['heal', 'host-1'])).calls, [['labHeal', { name: 'lab' }, 'host-1']]);
  assert.deepEqual((await lab(['down'])).calls, [['labDown', { name: 'lab' }]]);
});

test('lab kill takes signals with or without SIG', async () => {
  const killed = ['labKill', { name: 'lab' }, 'scheduler'];
  assert.deepEqual((await lab(['kill', 'scheduler'])).calls, [[...killed, 'SIGKILL']]);
  const term = await lab(['kill', 'scheduler', '--signal', 'sigterm']);
  assert.deepEqual(term.calls, [[...killed, 'SIGTERM']]);
  assert.equal((await lab(['kill', 'scheduler', '--signal', 'LOUD'])).code, 2);
});

test('lab exec hands the command on untouched and ends as it ended', async () => {
  const { code, calls } = await lab(['exec', 'host-1', '--', 'ip', '-o', 'json', '--name', 'x']);
  assert.equal(code, 7);
  const command = ['ip', '-o', 'json', '--name', 'x'];
  assert.deepEqual(calls, [['labExec', { name: 'lab' }, 'host-1', command]]);
  const bare = await lab(['exec', '--name', 'b', 'client', 'ip', '-br', 'a']);
  assert.deepEqual(bare.calls, [['labExec', { name: 'b' }, 'client', ['ip', '-br', 'a']]]);
});

test('lab exec takes its own --name behind the node too, and nothing it cannot make out', async () => {
  for (const own of [['--name', 'b'], ['--name=b']]) {
    const { calls } = await lab(['exec', 'client', ...own, '--', 'ip', '--name', 'x']);
    assert.deepEqual(calls, [['labExec', { name: 'b' }, 'client', ['ip', '--name', 'x']]]);
  }
  for (const odd of [['-x'], ['--name'], ['-o', 'yaml', '--', 'ip']]) {
    const { code, calls, err } = await lab(['exec', 'client', ...odd]);
    assert.equal(code, 2);
    assert.equal(calls.length, 0);
    assert.match(err, /^error: lab exec cannot make out -.*\nnext: Write its own options before/);
  }
});

test('lab load finds the address of an instance and sums up', async () => {
  const { code, out, err, calls } = await lab(['load', 'shop-web', '--duration', '500ms']);
  assert.equal(code, 0);
  assert.deepEqual(calls.at(-1), [
    'labLoad',
    { name: 'lab' },
    { address: '198.18.10.10', port: 80, ratePerSecond: 100, durationMs: 500 },
  ]);
  assert.equal(err, '1 s: 100 ok\n');
  assert.equal(
    out,
    `Target       198.18.10.10:80
Sent         1000
Answered     990
Failed       10 (8 ECONNREFUSED, 2 timeout)
Latency      p50 0.82 ms, p99 12 ms, max -
Longest gap  84 ms without an answer
`,
  );
});

test('lab load takes an address as it is, and an unknown instance ends with 3', async () => {
  const { calls } = await lab(['load', '2001:db8:0:10::10', '--port', '443', '--rate', '7']);
  assert.equal(calls.length, 1);
  assert.deepEqual(calls[0]?.[2], {
    address: '2001:db8:0:10::10',
    port: 443,
    ratePerSecond: 7,
    durationMs: 10_000,
  });
  assert.equal((await lab(['load', 'nobody'])).code, 3);
  assert.match((await lab(['load', 'shop-api'])).err, /shop-api has no address yet/);
});
