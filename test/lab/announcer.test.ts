// What is said for many addresses at once, as the other end of the wire hears it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim } from '../../src/agent/machine.ts';
import { Announcer } from '../../src/agent/wire/announcer.ts';
import {
  advertiser,
  announcement,
  arpSpeaker,
  etherTypeArp,
  etherTypeIpv6,
  resolveQuestion,
} from '../../src/agent/wire/frames.ts';
import { PacketSocket } from '../../src/agent/wire/libc.ts';
import { advertisementsOnly } from '../../src/agent/wire/packet-filter.ts';
import { namespacePath } from '../../src/lab/namespaces.ts';
import { systemClock } from '../../src/system/clock.ts';
import { commandOutput } from '../../src/system/command.ts';
import { eventually } from './lab-under-test.ts';

const namespace = `bh-voices-${process.pid}`;
const macs = { first: '02:00:00:00:00:01', second: '02:00:00:00:00:02' } as const;

async function withCable(work: (path: string) => Promise<void>): Promise<void> {
  await commandOutput(['ip', 'netns', 'add', namespace]);
  try {
    await commandOutput(['ip', '-netns', namespace, '-batch', '-'], {
      input: 'link add eth0 type veth peer name far0\nlink set eth0 up\nlink set far0 up\n',
    });
    await work(namespacePath(namespace));
  } finally {
    await commandOutput(['ip', 'netns', 'delete', namespace]);
  }
}

test('every address is announced, and one with many holds up no other', async () => {
  await withCable(async (path) => {
    const failures: Error[] = [];
    const fail = (_: string, error: Error) => failures.push(error);
    using ear = new PacketSocket(path, 'far0', etherTypeArp);
    using announcer = new Announcer(systemClock, fail, () => undefined);
    const many = Array.from({ length: 64 }, (_, index) => `198.18.30.${index}`);
    const few = ['198.18.31.1', '198.18.31.2'];
    const addresses = (texts: readonly string[]) =>
      texts.map((address) => ({ address, gateway: '198.18.0.1' }));
    announcer.speak('first', path, macs.first, addresses(many));
    announcer.speak('second', path, macs.second, addresses(few));
    const heard: { readonly mac: string; readonly address: string }[] = [];
    await eventually(async () => {
      for (let frame = ear.receive(); frame !== null; frame = ear.receive()) {
        const speaker = arpSpeaker(frame);
        if (speaker !== null) heard.push(speaker);
      }
      const said = new Set(heard.map(({ address }) => address));
      assert.deepEqual(
        [...many, ...few].filter((address) => !said.has(address)),
        [],
      );
      const again = heard.filter(({ address }) => address === many.at(-1));
      assert.ok(again.length > 3, 'the burst goes on');
    });
    const at = (address: string) => heard.findIndex((one) => one.address === address);
    assert.ok(
      at(few.at(-1) ?? '') < at(many.at(-1) ?? ''),
      'the second did not wait for the first',
    );
    assert.deepEqual(failures, []);
  });
});

test('a stranger who advertises an IPv6 address is named, and answered once', async () => {
  await withCable(async (path) => {
    const address = '2001:db8::7';
    const claims: Claim[] = [];
    using announcer = new Announcer(
      systemClock,
      (_, error) => assert.fail(error),
      (_, claim) => claims.push(claim),
    );
    using far = new PacketSocket(path, 'far0', etherTypeIpv6, advertisementsOnly);
    announcer.speak('first', path, macs.first, [{ address, gateway: null }]);
    const said = () => {
      let count = 0;
      for (let frame = far.receive(); frame !== null; frame = far.receive()) {
        if (advertiser(frame)?.mac === macs.first) count += 1;
      }
      return count;
    };
    // The burst is over in five seconds: what is said from then on is said to the stranger.
    await systemClock.sleep(5_500);
    assert.ok(said() > 3, 'the burst is heard');
    const stranger = announcement(address, macs.second, null);
    const other = announcement('2001:db8::8', macs.second, null);
    const question = resolveQuestion(address, macs.second, '2001:db8::9');
    for (const frame of [question, ...other, ...stranger, ...stranger]) far.send(frame);
    await eventually(async () => assert.deepEqual(claims, [{ address, mac: macs.second }]));
    await systemClock.sleep(500);
    assert.equal(said(), 1);
    assert.equal(claims.length, 1);
  });
});
