import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instances, PulseFleet, until } from './pulse-fleet.ts';

const [first, second] = instances;
const ports = instances.map(({ port }) => port);
const forLong = { grant: { ports, ms: 60_000 } };

async function passing(fleet: PulseFleet): Promise<void> {
  await fleet.assign();
  await fleet.command('h1', forLong);
  await until(() => fleet.answers('sw', first.address), 'the client is answered');
}

async function silentEverywhere(fleet: PulseFleet, sides: readonly string[]): Promise<void> {
  for (const side of sides)
    await until(async () => !(await fleet.answers(side, first.address)), `silent to ${side}`);
}

test('traffic passes under a lease, and nowhere once the uplink is cut, until it is back', async () => {
  await using fleet = await PulseFleet.up();
  await fleet.assign();
  assert.equal(await fleet.answers('sw', first.address), false, 'a lease without a granted port');
  await fleet.command('h1', forLong);
  for (const side of ['sw', 'h1', second.namespace, 'h2'])
    await until(() => fleet.answers(side, first.address), `answered to ${side}`);
  await fleet.run('sw', ['ip', 'link', 'set', 'to-h1', 'down']);
  await silentEverywhere(fleet, ['h1', second.namespace]);
  await until(
    () => ['h2', 'h3'].every((host) => stateOfH1(fleet, host as 'h2' | 'h3')?.state === 'silent'),
    'h2 and h3 report silence',
  );
  await fleet.run('sw', ['ip', 'link', 'set', 'to-h1', 'up']);
  await until(() => fleet.answers('sw', first.address), 'answered again');
  assert.ok(await fleet.answers('sw', '198.18.77.1'), "the host's own traffic");
});

test('a wrong token renews nothing, nor does a probe without a grant', async () => {
  await using fleet = await PulseFleet.up();
  await passing(fleet);
  await fleet.assign({ revision: 2, wrongSecretForH1: true });
  await silentEverywhere(fleet, ['sw', 'h1']);
  assert.equal(stateOfH1(fleet, 'h2')?.state, 'heard');
  assert.ok(await fleet.answers('sw', '198.18.77.1'), "the host's own traffic");
  await fleet.assign({ revision: 3 });
  await until(() => fleet.answers('sw', first.address), 'answered again');
  await fleet.assign({ revision: 4, mayGrantH1: false });
  await silentEverywhere(fleet, ['sw', 'h1']);
  assert.equal(stateOfH1(fleet, 'h2')?.isStopped, true);
});

test('as many grants as the quorum asks for, no fewer', async () => {
  await using fleet = await PulseFleet.up();
  await passing(fleet);
  await fleet.command('h3', { stop: ['h1'] });
  assert.ok(await fleet.answers('sw', first.address), 'one of two is enough');
  await fleet.assign({ revision: 2, quorum: 2 });
  await until(() => fleet.answers('sw', first.address), 'both grant again');
  await fleet.command('h3', { stop: ['h1'] });
  await silentEverywhere(fleet, ['sw', 'h1']);
});

test('witnesses that are stopped grant nothing, and hear their host again when they go on', async () => {
  await using fleet = await PulseFleet.up();
  await passing(fleet);
  for (const host of ['h2', 'h3'] as const) fleet.signal(host, 'SIGSTOP');
  await silentEverywhere(fleet, ['sw', 'h1']);
  const reports = fleet.lines.get('h2')?.length ?? 0;
  for (const host of ['h2', 'h3'] as const) fleet.signal(host, 'SIGCONT');
  await until(() => fleet.answers('sw', first.address), 'answered again');
  const after = fleet.lines.get('h2')?.slice(reports) ?? [];
  const states = after.flatMap(({ report }) => report?.targets.map(({ state }) => state) ?? []);
  assert.ok(!states.includes('silent'), 'its own pause is nobody else’s silence');
});

test('a heartbeat is answered by a main loop that turns, and probes by a kernel that lives', async () => {
  await using fleet = await PulseFleet.up();
  await passing(fleet);
  await until(() => stateOfH1(fleet, 'h2')?.heartbeatAgeMs !== null, 'a heartbeat was answered');
  fleet.signal('h1', 'SIGSTOP');
  await until(() => (stateOfH1(fleet, 'h2')?.heartbeatUnanswered ?? 0) >= 3, 'the hang is seen');
  assert.equal(stateOfH1(fleet, 'h2')?.state, 'heard');
  assert.ok(await fleet.answers('sw', first.address), 'the kernel still holds the lease');
  fleet.signal('h1', 'SIGCONT');
  await until(() => stateOfH1(fleet, 'h2')?.heartbeatUnanswered === 0, 'it goes on');
});

test('a port that nobody renews runs out, and is not renewed too late', async () => {
  await using fleet = await PulseFleet.up();
  await passing(fleet);
  await fleet.command('h1', { grant: { ports: [first.port], ms: 500 } });
  await silentEverywhere(fleet, ['sw', 'h1', second.namespace]);
  assert.deepEqual(await fleet.renewed('h1', ports), [first.port]);
  assert.equal(await fleet.answers('sw', first.address), false);
  assert.ok(await fleet.answers('sw', second.address), 'the other one passes');
});

test('rules replaced under traffic lose no frame', async () => {
  await using fleet = await PulseFleet.up();
  await passing(fleet);
  const pings = fleet.run('sw', [
    'ping',
    '-n',
    '-q',
    '-c',
    '1500',
    '-i',
    '0.002',
    '-W',
    '1',
    first.address,
  ]);
  for (let revision = 2; revision < 30; revision += 1)
    await fleet.command('h1', { reapply: revision });
  const { stdout } = await pings;
  assert.match(stdout, /1500 received, 0% packet loss/);
});

test('a witness whose grants are leased sends none without a lease of its own', async () => {
  await using fleet = await PulseFleet.up('1', ['h2', 'h3']);
  await fleet.assign();
  await fleet.command('h1', forLong);
  // h1 grants h2 and h3 theirs as it is not bound by the rule itself: so the first lease comes to be.
  await until(() => fleet.answers('sw', first.address), 'the client is answered');
  // h2 and h3 are not witnessed by each other any more than by h1 then.
  await fleet.command('h1', { stop: ['h2', 'h3'] });
  await fleet.command('h2', { stop: ['h3'] });
  await fleet.command('h3', { stop: ['h2'] });
  await silentEverywhere(fleet, ['sw', 'h1']);
});

function stateOfH1(fleet: PulseFleet, witness: 'h2' | 'h3') {
  return fleet.latest(witness)?.targets.find(({ host }) => host === 'h1');
}
