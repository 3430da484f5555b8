// Attempts of somebody on the segment who has no pair's secret: on a witness that probes one host.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productionTimings } from '../../detection/timings.ts';
import type { HostName } from '../../domain/ids.ts';
import { answerHeartbeat, decodeHeartbeat, encodeHeartbeat } from './heartbeat.ts';
import { pairKeys } from './pair-keys.ts';
import { decodeAnswer } from './probe-format.ts';
import { Prober } from './prober.ts';

const timings = { ...productionTimings, agentSilentMs: Number.MAX_SAFE_INTEGER };
const diesMs = 10_000;
const endMs = 20_000;

interface Course {
  /** Makes packets out of the probes that the host has answered up to now, and those that it has not. */
  readonly forge?: (answered: readonly Buffer[], open: readonly Buffer[]) => readonly Buffer[];
  /** Whether the host is said to have panicked at this moment, each time anew. */
  readonly isAccused?: (nowMs: number) => boolean;
  readonly dies?: boolean;
}

/** When the host was first said to be silent; null for never. */
function silentAt({ forge = () => [], isAccused = () => false, dies = true }: Course) {
  let nowMs = 1_000;
  let made = 0;
  const sent: Buffer[] = [];
  const prober = new Prober(
    {
      sendProbe: (bytes) => sent.push(Buffer.from(bytes)),
      sendHeartbeat: () => undefined,
      random: (bytes) => {
        made += 1;
        return Buffer.alloc(bytes, `${made} of nobody`);
      },
      monotonicMs: () => nowMs,
      keep: () => undefined,
    },
    {},
  );
  const target = { host: 'host-2' as HostName, address: '198.18.0.12', secret: '07'.repeat(32) };
  prober.assign({ targets: [{ ...target, isFenced: false }], timings });
  const hear = (packet: Buffer) => {
    const answer = decodeAnswer(packet, prober.identifier);
    if (answer !== null) prober.heardProbe(answer);
  };
  let answered = 0;
  while (nowMs < endMs) {
    nowMs = Math.max(nowMs + 1, prober.nextTurnMs);
    if (!dies || nowMs < diesMs) {
      for (const probe of sent.slice(answered)) hear(answerTo(probe));
      answered = sent.length;
    }
    for (const packet of forge(sent.slice(0, answered), sent.slice(answered))) hear(packet);
    if (isAccused(nowMs)) prober.hurry(target.host, nowMs);
    const said = prober.turn(nowMs)?.report.reports[0];
    if (said?.state === 'silent') return nowMs;
  }
  return null;
}

/** As the raw socket gives it: an IPv4 header without options before it. */
function answerTo(probe: Buffer): Buffer {
  const packet = Buffer.concat([Buffer.alloc(20), probe]);
  packet[0] = 0x45;
  packet[20] = 0;
  return packet;
}

/** The probe's answer with other bytes from `at` of the ICMP message on. */
function changed(probe: Buffer, at: number, bytes: string): Buffer {
  const packet = answerTo(probe);
  packet.write(bytes, 20 + at, 'hex');
  return packet;
}

const deadMs = silentAt({});

test('a host that dies is silent, one that lives is not', () => {
  assert.ok(deadMs !== null && deadMs > diesMs);
  assert.equal(silentAt({ dies: false }), null);
});

for (const [what, forge] of [
  ['an old one again', (answered) => answered.slice(-3).map(answerTo)],
  [
    'an old one with the next number',
    (answered, open) =>
      open.slice(-1).flatMap((probe) => {
        const number = probe.subarray(6, 8).toString('hex');
        return answered.slice(-1).map((old) => changed(old, 6, number));
      }),
  ],
  [
    'one with a nonce that was guessed',
    (_, open) => open.map((probe) => changed(probe, 28, 'ff'.repeat(8))),
  ],
  ['one to another prober', (_, open) => open.map((probe) => changed(probe, 4, 'ffff'))],
] satisfies [string, Course['forge']][]) {
  test(`an answer in a dead host's name keeps nobody's silence away: ${what}`, () => {
    assert.equal(silentAt({ forge }), deadMs);
  });
}

test('last words in the name of a host that lives make it silent to nobody, however often', () => {
  assert.equal(silentAt({ dies: false, isAccused: () => true }), null);
});

test('last words of a host that is dead shorten the wait, and not below what silence takes', () => {
  const hurriedMs = silentAt({ isAccused: (nowMs) => nowMs >= diesMs });
  assert.ok(hurriedMs !== null && deadMs !== null && hurriedMs < deadMs);
  assert.ok(hurriedMs >= diesMs + timings.hurrySilentMs - timings.probePeriodMs);
});

test('a heartbeat is answered, and an answer believed, for who has the pair’s key alone', () => {
  const nonce = Buffer.alloc(16, 'asked');
  const { heartbeatKey, token } = pairKeys('07'.repeat(32));
  const other = pairKeys('08'.repeat(32)).heartbeatKey;
  const ask = encodeHeartbeat('ask', nonce, 0, heartbeatKey);
  const answer = answerHeartbeat(ask, [other, heartbeatKey], 250);
  assert.deepEqual(answer && decodeHeartbeat('answer', answer, heartbeatKey), {
    ...{ nonce, awayMs: 250 },
  });
  // The token of probes is seen by everybody on the segment.
  for (const key of [other, token, Buffer.alloc(32)]) {
    assert.equal(answerHeartbeat(encodeHeartbeat('ask', nonce, 0, key), [heartbeatKey], 0), null);
    const forged = encodeHeartbeat('answer', nonce, 60_000, key);
    assert.equal(decodeHeartbeat('answer', forged, heartbeatKey), null);
  }
  assert.equal(decodeHeartbeat('answer', ask, heartbeatKey), null, 'the question, sent back');
  for (let bit = 0; bit < ask.length * 8; bit += 1) {
    const bent = Buffer.from(ask);
    bent.writeUInt8(bent.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(answerHeartbeat(bent, [heartbeatKey], 0), null, `bit ${bit}`);
  }
  assert.equal(token.equals(heartbeatKey.subarray(0, 16)), false);
});
