import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  announcement,
  arpSpeaker,
  claimant,
  duplicateQuestion,
  resolveQuestion,
} from './frames.ts';

const mac = '02:11:22:33:44:55';
const other = '02:aa:bb:cc:dd:ee';
const hex = (frame: Uint8Array | undefined) => Buffer.from(frame ?? []).toString('hex');

test('a gratuitous ARP goes out as request and as reply, and a request to the gateway', () => {
  const frames = announcement('198.18.10.10', mac, '198.18.0.1').map(hex);
  const padding = '00'.repeat(18);
  assert.deepEqual(frames, [
    `ffffffffffff02112233445508060001080006040001021122334455c6120a0a000000000000c6120a0a${padding}`,
    `ffffffffffff02112233445508060001080006040002021122334455c6120a0a021122334455c6120a0a${padding}`,
    `ffffffffffff02112233445508060001080006040001021122334455c6120a0a000000000000c6120001${padding}`,
  ]);
});

test('an unsolicited neighbour advertisement has the override flag and a right checksum', () => {
  const [frame] = announcement('2001:db8:0:10::10', mac, '2001:db8::1');
  assert.ok(frame !== undefined);
  const view = Buffer.from(frame);
  assert.equal(hex(view.subarray(0, 14)), '33330000000102112233445586dd');
  assert.equal(view[21], 255, 'hop limit');
  assert.equal(view[54], 136);
  assert.equal(view.readUInt32BE(58), 0x2000_0000);
  assert.equal(onesComplementSum(view), 0xffff);
});

test('the duplicate question for IPv6 comes from nobody and goes to the solicited node', () => {
  const view = Buffer.from(duplicateQuestion('2001:db8::12:3456', mac));
  assert.equal(hex(view.subarray(0, 6)), '3333ff123456');
  assert.equal(hex(view.subarray(22, 38)), '00'.repeat(16));
  assert.equal(hex(view.subarray(38, 54)), 'ff0200000000000000000001ff123456');
  assert.equal(onesComplementSum(view), 0xffff);
});

test("who speaks in an ARP frame, and in whose name; a probe is in nobody's", () => {
  const [request] = announcement('198.18.10.10', mac, null);
  assert.ok(request !== undefined);
  assert.deepEqual(arpSpeaker(request), { mac, address: '198.18.10.10' });
  assert.equal(arpSpeaker(duplicateQuestion('198.18.10.10', mac)), null);
  assert.equal(arpSpeaker(duplicateQuestion('2001:db8::10', mac)), null);
  assert.equal(arpSpeaker(request.subarray(0, 40)), null);
});

test('whoever speaks for the address is its claimant, but for ourselves', () => {
  for (const address of ['198.18.10.10', '2001:db8::10']) {
    for (const frame of announcement(address, other, null)) {
      assert.equal(claimant(frame, address, mac), other);
      assert.equal(claimant(frame, address, other), null);
      assert.equal(
        claimant(frame, address === '2001:db8::10' ? '2001:db8::11' : '198.18.10.11', mac),
        null,
      );
    }
    assert.equal(
      claimant(duplicateQuestion(address, other), address, mac),
      other,
      'two probe at once',
    );
  }
});

test('a question in our own name claims our address, not the one asked for', () => {
  const frame = resolveQuestion('198.18.10.10', other, '198.18.0.2');
  assert.equal(claimant(frame, '198.18.10.10', mac), null);
  assert.equal(claimant(frame, '198.18.0.2', mac), other);
});

test('no frame, however broken, makes reading fail', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      claimant(bytes, '198.18.10.10', mac);
      claimant(bytes, '2001:db8::10', mac);
    }),
  );
});

/** The pseudo-header and the message with its checksum sum to all ones when it is right. */
function onesComplementSum(frame: Buffer): number {
  const body = frame.subarray(54);
  const all = Buffer.concat([
    frame.subarray(22, 54),
    Buffer.from([0, 0, 0, body.length, 0, 0, 0, 58]),
    body,
  ]);
  let sum = 0;
  for (let at = 0; at < all.length; at += 2) sum += all.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}
