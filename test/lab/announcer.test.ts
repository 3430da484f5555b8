// What is said for many addresses at once, as the other end of the wire hears it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Announcer } from '../../src/agent/wire/announcer.ts';
import { arpSpeaker, etherTypeArp } from '../../src/agent/wire/frames.ts';
import { PacketSocket } from '../../src/agent/wire/libc.ts';
import { namespacePath } from '../../src/lab/namespaces.ts';
import { systemClock } from '../../src/system/clock.ts';
import { commandOutput } from '../../src/system/command.ts';
import { eventually } from './lab-under-test.ts';

const namespace = `bh-voices-${process.pid}`;
const macs = { first: '02:00:00:00:00:01', second: '02:00:00:00:00:02' } as const;

test('every address is announced, and one with many holds up no other', async () => {
  await commandOutput(['ip', 'netns', 'add', namespace]);
  try {
    await commandOutput(['ip', '-netns', namespace, '-batch', '-'], {
      input: 'link add eth0 type veth peer name far0\nlink set eth0 up\nlink set far0 up\n',
    });
    const failures: Error[] = [];
    const fail = (_: string, error: Error) => failures.push(error);
    using ear = new PacketSocket(namespacePath(namespace), 'far0', etherTypeArp);
    using announcer = new Announcer(systemClock, fail, () => undefined);
    const many = Array.from({ length: 64 }, (_, index) => `198.18.30.${index}`);
    const few = ['198.18.31.1', '198.18.31.2'];
    const addresses = (texts: readonly string[]) =>
      texts.map((address) => ({ address, gateway: '198.18.0.1' }));
    announcer.speak('first', namespacePath(namespace), macs.first, addresses(many));
    announcer.speak('second', namespacePath(namespace), macs.second, addresses(few));
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
  } finally {
    await commandOutput(['ip', 'netns', 'delete', namespace]);
  }
});
