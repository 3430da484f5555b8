import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashesIn, cutterLimits } from './cutter.ts';
import { mutated, randomOf } from './test-mutation.ts';
import { samples } from './test-reports.ts';

test('mutated reports are read or passed over, within the bounds', () => {
  const random = randomOf(1);
  for (let run = 0; run < 2000; run++) {
    const sample = samples[run % samples.length];
    for (const report of crashesIn(mutated(sample?.text ?? '', random))) {
      assert.ok(report.lines.length <= cutterLimits.linesPerReport);
      assert.notEqual(report.title, '');
    }
  }
});
