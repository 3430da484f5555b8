// Leases and probes with real packets and the real kernel: three hosts, no agent but its pulse.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Assigning, type Host, instances, PulseFleet, until } from './pulse-fleet.ts';

const [first, second] = instances;
const witnesses = ['h2', 'h3'] as const;

async function passing(changes: Assigning = {}): Promise<PulseFleet> {
  const fleet = await PulseFleet.up();
  try {
    await fleet.assign(changes);
    await until(() => fleet.answers('sw', first.address), 'the client is answered');
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

async function silentEverywhere(fleet: PulseFleet, sides: readonly string[]): Promise<void> {
  for (const side of sides)
    await until(async () => !(await fleet.answers(side, first.address)), `silent to ${side}`);
}

const areSilent = (fleet: PulseFleet, host: Host) =>
  witnesses.every((witness) => fleet.latest(witness, host)?.state === 'silent');

test('traffic passes under a lease, and nowhere once the uplink is cut, until it is back', async () => {
  await using fleet = await passing();
  for (const side of ['sw', 'h1', second.namespace, 'h2'])
    await until(() => fleet.answers(side, first.address), `answered to ${side}`);
  const held = await fleet.lease('h1');
  assert.equal(held.isHeld, true);
  await fleet.run('sw', ['ip', 'link', 'set', 'to-h1', 'down']);
  await silentEverywhere(fleet, ['h1', second.namespace]);
  const lapsed = await fleet.lease('h1');
  assert.equal(lapsed.isHeld, false);
  assert.ok(lapsed.stoppedFrames > held.stoppedFrames, 'what it has stopped is counted');
  await until(() => areSilent(fleet, 'h1'), 'h2 and h3 report silence');
  await fleet.run('sw', ['ip', 'link', 'set', 'to-h1', 'up']);
  await until(() => fleet.answers('sw', first.address), 'answered again: nobody asked');
  assert.ok(await fleet.answers('sw', '198.18.77.1'), "the host's own traffic");
  const back = await fleet.lease('h1');
  assert.equal(back.isHeld, true);
  // Rules that are put in anew go on counting.
  await fleet.command('h1', { reapply: 1 });
  assert.ok((await fleet.lease('h1')).stoppedFrames >= back.stoppedFrames);
});

test('a witness that has promised a silence grants nothing until that is called off', async () => {
  await using fleet = await passing();
  await fleet.run('sw', ['ip', 'link', 'set', 'to-h1', 'down']);
  await until(() => areSilent(fleet, 'h1'), 'h2 and h3 report silence');
  for (const witness of witnesses) await fleet.promise(witness, 'h1', ['one', 'two']);
  await fleet.run('sw', ['ip', 'link', 'set', 'to-h1', 'up']);
  for (const witness of witnesses) await fleet.hears(witness, 'h1');
  await silentEverywhere(fleet, ['sw', 'h1']);
  await fleet.resume('h2', 'h1', ['one']);
  assert.equal(await fleet.answers('sw', first.address), false, 'another one still counts on it');
  await fleet.command('h2', { resume: { host: 'h1', silences: 0, sessions: ['one', 'two'] } });
  assert.equal(await fleet.answers('sw', first.address), false, 'a word about another silence');
  // It has to keep to it over its restart too.
  fleet.signal('h2', 'SIGKILL');
  await fleet.start('h2');
  await fleet.assignTo('h2');
  await fleet.hears('h2', 'h1');
  assert.deepEqual(fleet.latest('h2', 'h1')?.promised, ['two']);
  assert.equal(
    await fleet.answers('sw', first.address),
    false,
    'it was promised before its restart',
  );
  await fleet.resume('h2', 'h1', ['two']);
  await until(() => fleet.answers('sw', first.address), 'answered again');
});

test('a kernel without rules lets nothing through before its agent knows whose lease it needs', async () => {
  await using fleet = await passing();
  fleet.signal('h1', 'SIGKILL');
  await fleet.run('h1', ['nft', 'delete', 'table', 'bridge', 'bh_pulse_test']);
  await until(() => fleet.answers('sw', first.address), 'as after a reboot: nothing is asked for');
  await fleet.start('h1');
  await silentEverywhere(fleet, ['sw', 'h1']);
  await fleet.assignTo('h1');
  await until(() => fleet.answers('sw', first.address), 'answered again');
});

test('a wrong secret renews nothing, nor does a probe of a host that is fenced', async () => {
  await using fleet = await passing();
  await fleet.assign({ wrongSecretForH1: true });
  await silentEverywhere(fleet, ['sw', 'h1']);
  assert.equal(fleet.latest('h2', 'h1')?.state, 'hears');
  assert.ok(await fleet.answers('sw', '198.18.77.1'), "the host's own traffic");
  await fleet.assign();
  await until(() => fleet.answers('sw', first.address), 'answered again');
  await fleet.assign({ isH1Fenced: true });
  await silentEverywhere(fleet, ['sw', 'h1']);
});

test('as many grants as the quorum asks for, no fewer', async () => {
  await using fleet = await passing();
  fleet.signal('h3', 'SIGSTOP');
  assert.ok(await fleet.answers('sw', first.address), 'one of two is enough');
  fleet.signal('h3', 'SIGCONT');
  await fleet.assign({ quorum: 2 });
  await until(() => fleet.answers('sw', first.address), 'both grant');
  fleet.signal('h3', 'SIGSTOP');
  await silentEverywhere(fleet, ['sw', 'h1']);
  fleet.signal('h3', 'SIGCONT');
  await until(() => fleet.answers('sw', first.address), 'both grant again');
});

test("a witness's own pause is nobody else's silence", async () => {
  await using fleet = await passing();
  for (const host of witnesses) fleet.signal(host, 'SIGSTOP');
  await silentEverywhere(fleet, ['sw', 'h1']);
  const before = fleet.lines.get('h2')?.length ?? 0;
  for (const host of witnesses) fleet.signal(host, 'SIGCONT');
  await until(() => fleet.answers('sw', first.address), 'answered again');
  const after = fleet.lines.get('h2')?.slice(before) ?? [];
  const states = after.flatMap(({ report }) => report?.reports.map(({ state }) => state) ?? []);
  assert.ok(!states.includes('silent'));
});

test('a heartbeat is answered by a main loop that turns, and probes by a kernel that lives', async () => {
  await using fleet = await passing();
  const agentAgeMs = () => fleet.latest('h2', 'h1')?.agentAgeMs ?? 0;
  await until(() => fleet.latest('h2', 'h1')?.agentAgeMs !== null, 'a heartbeat was answered');
  fleet.signal('h1', 'SIGSTOP');
  await until(() => agentAgeMs() > 2_500, 'the hang is seen');
  assert.equal(fleet.latest('h2', 'h1')?.state, 'hears');
  assert.ok(await fleet.answers('sw', first.address), 'the kernel still holds the lease');
  fleet.signal('h1', 'SIGCONT');
  await until(() => agentAgeMs() < 1_500, 'it goes on');
});

test('agents that are stopped in order leave grants behind that outlast a restart', async () => {
  await using fleet = await passing();
  await Promise.all(witnesses.map((witness) => fleet.command(witness, { end: true })));
  for (let looks = 0; looks < 4; looks += 1)
    assert.ok(await fleet.answers('sw', first.address), 'answered while both witnesses are away');
});

test('rules replaced under traffic lose no frame', async () => {
  await using fleet = await passing();
  const flood = ['-n', '-q', '-c', '1500', '-i', '0.002', '-W', '1', first.address];
  const pings = fleet.run('sw', ['ping', ...flood]);
  for (let times = 0; times < 15; times += 1) await fleet.command('h1', { reapply: times });
  const { stdout } = await pings;
  assert.match(stdout, /1500 received, 0% packet loss/);
});
