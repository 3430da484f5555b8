// A program that powers hosts off, run for real; the hosts it is run for are words only.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Clock } from '../../src/domain/clock.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { HostState } from '../../src/domain/model.ts';
import { host } from '../../src/placement/test-fleets.ts';
import type { Agents } from '../../src/scheduler/agents.ts';
import type { Detector } from '../../src/scheduler/detector.ts';
import { PowerFencing } from '../../src/scheduler/power-fencing.ts';
import { systemClock } from '../../src/system/clock.ts';
import { runPowerCommand } from '../../src/system/power-command.ts';

const minuteMs = 60_000;
const knowledge = {
  ...{ sets: [], fenced: new Set<HostName>(), alive: new Set(['me']) },
  ...{ enrolled: 3, disarmed: null },
};

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridgehead-power-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A program that notes what it is run with, and ends with a code. */
async function program(code: number): Promise<string> {
  const path = join(folder, `off-${code}`);
  const text = `#!/bin/sh\nprintf '%s %s' "$1" "$(cat)" >>${path}.log\necho board says no\nexit ${code}\n`;
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** The fencing with a clock of the test's own, and what came of it. */
function fencing(path: string) {
  let nowMs = 0;
  const confirmed: string[] = [];
  const events: string[] = [];
  const heard: HostName[] = [];
  const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
  const power = new PowerFencing({
    clock,
    agents: { isConnected: (name: HostName) => name === 'host-2' } as Agents,
    detector: { heardBy: () => heard } as unknown as Detector,
    powerOff: (one) => runPowerCommand(path, one),
    confirm: async (name, reason) => confirmed.push(`${name}: ${reason}`),
    event: (kind, object, message) => events.push(`${kind} ${object} ${message}`),
  });
  const fleet = (state: HostState) => [
    host('host-1', { state, labels: { bmc: '192.0.2.7' } }),
    host('host-2'),
    host('host-3'),
  ];
  const look = (atMs: number, state: HostState = 'suspect', isFirst = true) => {
    nowMs = atMs;
    power.look(fleet(state), knowledge, isFirst);
  };
  const until = async (condition: () => boolean) => {
    for (let tries = 0; tries < 500 && !condition(); tries += 1) await systemClock.sleep(10);
    assert.ok(condition(), JSON.stringify({ confirmed, events }));
  };
  return { look, until, confirmed, events, heard };
}

test('a host that nobody has heard for long is powered off, and that is taken for proof', async () => {
  const path = await program(0);
  const { look, until, confirmed, events } = fencing(path);
  look(0);
  look(1_000);
  look(minuteMs, 'suspect', false);
  assert.deepEqual(events, []);
  look(minuteMs);
  look(minuteMs + 1_000);
  await until(() => confirmed.length > 0);
  assert.match(confirmed.join(), /^host-1: \S+off-0 exited with 0 after .* s: board says no$/);
  assert.match(events.join(), /host\.powered-off host\/host-1/);
  const log = await readFile(`${path}.log`, 'utf8');
  assert.match(log, /^host-1 \{.*"bmc":"192\.0\.2\.7"/);
  assert.equal(log.split('host-1 {').length, 2, 'it was run once');
});

test('one that fails is told of, proves nothing, and is tried again later', async () => {
  const { look, until, confirmed, events } = fencing(await program(1));
  look(0);
  look(minuteMs);
  await until(() => events.length === 1);
  assert.match(events[0] ?? '', /power-off-failed host\/host-1 .* exited with 1 .*board says no/);
  assert.match(events[0] ?? '', /tried again in 60 s.*failover confirm host-1 --powered-off/);
  look(minuteMs + 59_000);
  look(2 * minuteMs);
  await until(() => events.length === 2);
  assert.match(events[1] ?? '', /tried again in 120 s/);
  assert.deepEqual(confirmed, []);
});

test('a host that is heard, or was back in between, is left alone', async () => {
  const { look, until, heard, events } = fencing(await program(0));
  look(0);
  heard.push('host-2' as HostName);
  look(minuteMs);
  heard.pop();
  look(minuteMs + 1, 'ready');
  look(minuteMs + 2);
  await systemClock.sleep(100);
  assert.deepEqual(events, []);
  heard.push('host-3' as HostName);
  look(2 * minuteMs + 10);
  // The word of a witness that is gone itself does not count.
  await until(() => events.length === 1);
});
