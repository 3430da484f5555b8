// What no sender sends, through all that reads what is sent: nothing fails, and what is held is
// bounded. FUZZ_RUNS=1000000 for the full count, FUZZ_SEED for another course; both are printed.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Cutter, cutterLimits } from '../../src/crash/cutter.ts';
import { lastWordsIn } from '../../src/crash/last-words.ts';
import type { CrashReport } from '../../src/crash/report.ts';
import { mutated, randomOf } from '../../src/crash/test-mutation.ts';
import { samples } from '../../src/crash/test-reports.ts';
import { FrameCutter, frameBytesMax } from '../../src/logs/frames.ts';
import { Netconsole, netconsoleLimits } from '../../src/logs/netconsole.ts';
import { readQuery } from '../../src/logs/query.ts';
import { Path } from './streams/path.ts';
import {
  extendedDatagrams,
  journalForms,
  linesOf,
  plainDatagrams,
  syslogForms,
} from './streams/wrapping.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 1_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
/** How often what goes on for long is looked at, and its hours go by. */
const roundRuns = 500;
const hourMs = 3_600_000;

function told(context: TestContext, startMs: number): void {
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1_024);
  context.diagnostic(`${runs} runs, seed ${seed}, ${seconds} s, peak RSS ${peakMiB} MiB`);
}

function checkReports(reports: readonly CrashReport[]): void {
  for (const report of reports) {
    assert.ok(report.lines.length <= cutterLimits.linesPerReport);
    assert.notEqual(report.title, '');
  }
}

function oneOf<T>(all: readonly T[], random: () => number): T {
  const one = all[Math.floor(random() * all.length)];
  assert.ok(one !== undefined);
  return one;
}

test('mutated reports, in every envelope', async (context) => {
  const startMs = performance.now();
  const random = randomOf(seed);
  // One of each for all, as in a scheduler: what one run leaves behind must not hurt the next.
  const path = new Path();
  const cutter = new Cutter();
  const forms = [...Object.values(syslogForms), ...Object.values(journalForms)];
  for (let run = 0; run < runs; run += 1) {
    const { text } = oneOf(samples, random);
    const way = random();
    const address = `198.18.${Math.floor(random() * 64)}.${Math.floor(random() * 256)}`;
    if (way < 0.25) {
      for (const line of mutated(text, random).split('\n')) checkReports(cutter.push(line));
    } else if (way < 0.5) {
      const wrap = oneOf(forms, random);
      const wrapped = linesOf(text).map((line) => wrap(line, address));
      for (const line of mutated(wrapped.join('\n'), random).split('\n')) {
        checkReports(cutter.push(line));
        path.syslog(line, address);
      }
    } else {
      const datagrams = way < 0.7 ? plainDatagrams : extendedDatagrams;
      for (const all of datagrams(linesOf(mutated(text, random)))) {
        for (const one of all) {
          path.netconsole(random() < 0.9 ? one : mutated(one, random), address);
        }
      }
    }
    assert.ok(cutter.heldCharacters <= cutterLimits.characters);
    if (run % roundRuns === 0) {
      path.pass(hourMs);
      checkReports(await path.end());
      path.forget();
    }
  }
  checkReports(cutter.flush());
  checkReports(await path.end());
  told(context, startMs);
});

test('random datagrams, and those that were once whole, to everything that reads any', async (context) => {
  const startMs = performance.now();
  const random = randomOf(seed + 1);
  const below = (count: number) => Math.floor(random() * count);
  const seeds = seedDatagrams();
  const path = new Path();
  const netconsole = new Netconsole();
  const cutter = new Cutter();
  let stream = new FrameCutter();
  for (let run = 0; run < runs; run += 1) {
    const bytes = datagram(seeds, random, below);
    const address = `198.18.${below(64)}.${below(256)}`;
    path.syslog(bytes, address);
    path.netconsole(bytes, address);
    netconsole.push(bytes, address, run);
    assert.ok(netconsole.heldBytes <= netconsoleLimits.bytes);
    for (const frame of stream.push(bytes)) assert.ok(frame.length <= frameBytesMax);
    const text = bytes.toString('utf8');
    checkReports(cutter.push(text));
    lastWordsIn(bytes.toString('latin1'));
    try {
      readQuery(text.slice(0, 200));
    } catch (error) {
      assert.match(String(error), /the search is not valid/);
    }
    if (run % roundRuns === 0) {
      stream.end();
      stream = new FrameCutter();
      netconsole.due(run);
      path.pass(hourMs);
      checkReports(await path.end());
      path.forget();
    }
  }
  netconsole.flush();
  assert.equal(netconsole.heldBytes, 0);
  checkReports(cutter.flush());
  told(context, startMs);
});

function seedDatagrams(): readonly Buffer[] {
  const texts = samples.flatMap(({ text }) => {
    const lines = linesOf(text);
    const wraps = [...Object.values(syslogForms), ...Object.values(journalForms)];
    return [
      ...wraps.flatMap((wrap) => lines.map((line) => wrap(line, 'lb-1'))),
      ...plainDatagrams(lines).flat(),
      ...extendedDatagrams(lines, true).flat(),
      ...lines.flatMap(({ text: words }) => [
        `6,5,100,-,ncfrag=0/${words.length + 9};${words}`,
        `${words.length} ${words}`,
      ]),
    ];
  });
  return texts.map((text) => Buffer.from(text));
}

// A fifth are noise; the others once were whole: bytes changed, cut, doubled, two run together.
function datagram(
  seeds: readonly Buffer[],
  random: () => number,
  below: (count: number) => number,
): Buffer {
  if (random() < 0.2) return Buffer.from(Array.from({ length: below(300) }, () => below(256)));
  let bytes: Buffer = Buffer.from(oneOf(seeds, random));
  for (let left = below(6); left > 0 && bytes.length > 0; left -= 1) {
    const at = below(bytes.length);
    const kind = below(5);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes = bytes.subarray(0, at);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(at), oneOf(seeds, random)]);
    else if (kind === 3) bytes[at] = 0x30 + below(10);
    else bytes = Buffer.concat([bytes, bytes.subarray(at, at + 40)]);
  }
  return bytes.subarray(0, 2_048);
}
