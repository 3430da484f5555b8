import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productionTimings } from '../../detection/timings.ts';
import type { HostName } from '../../domain/ids.ts';
import { Prober } from './prober.ts';

/** Numbers in [0, 1): a linear congruential generator with the constants of Numerical Recipes. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Mean of the loss that a prober measures whose turns come up to `lateMs` late. */
function measuredLoss(loss: number, lateMs: number): number {
  const next = numbersFrom(7);
  const measured: number[] = [];
  let nowMs = 1_000;
  let sent: { readonly sequence: number; readonly nonce: Buffer } | null = null;
  let sequence = 0;
  let nonce = Buffer.alloc(8);
  const prober = new Prober(
    {
      sendProbe: () => {
        sequence += 1;
        sent = next() < loss ? null : { sequence, nonce };
      },
      sendHeartbeat: () => undefined,
      random: (bytes) => {
        const made = Buffer.alloc(bytes);
        if (bytes === 8) {
          made.writeUInt32BE(sequence);
          nonce = made;
        }
        return made;
      },
      monotonicMs: () => nowMs,
      keep: () => undefined,
    },
    {},
  );
  const target = { host: 'host-2' as HostName, address: '198.18.0.12', secret: '00'.repeat(32) };
  // Its agent never answers here, which is no matter of this.
  const timings = { ...productionTimings, agentSilentMs: Number.MAX_SAFE_INTEGER };
  prober.assign({ targets: [{ ...target, isFenced: false }], timings });
  for (let turns = 0; turns < 12_000; turns += 1) {
    nowMs = Math.max(nowMs + 1, prober.nextTurnMs + next() * lateMs);
    if (sent !== null) prober.heardProbe(sent);
    sent = null;
    const report = prober.turn(nowMs)?.report.reports[0];
    if (report !== undefined && turns > 2_000) measured.push(report.loss);
  }
  return measured.reduce((sum, one) => sum + one, 0) / measured.length;
}

for (const lateMs of [0, 15]) {
  for (const loss of [0, 0.1, 0.3, 0.51]) {
    test(`a loss of ${loss} is measured as such by turns up to ${lateMs} ms late`, () => {
      const measured = measuredLoss(loss, lateMs);
      assert.ok(Math.abs(measured - loss) < 0.04, `measured ${measured}`);
    });
  }
}
