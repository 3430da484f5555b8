import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KernelBatch } from './kernel-sender.ts';
import { bootOfDump, dumpsOf, sendPstore } from './pstore.ts';

const diedMs = Date.UTC(2026, 0, 1);
// As the EFI backend leaves them: part 1 is the end.
const parts = [
  ['dmesg-efi-1', 'Panic#1 Part1\n<0>[  200.000000] Kernel panic - not syncing: dead\n'],
  ['dmesg-efi-2', 'Panic#1 Part2\n<4>[  190.000000] before\n<4>[  195.000000] and then\n'],
  ['dmesg-efi-3', 'Oops#1 Part1\n<1>[  100.000000] BUG: early\n'],
] as const;

test('parts become a dump, its end last; another reason or another time is another dump', () => {
  const files = parts.map(([name, text]) => ({ name, text, mtimeMs: diedMs }));
  const later = { name: 'dmesg-efi-9', text: parts[0][1], mtimeMs: diedMs + 3_600_000 };
  const dumps = dumpsOf([...files, later, { name: 'dmesg-x', text: 'no head\n', mtimeMs: 1 }]);
  assert.deepEqual(
    dumps.map(({ name, lines }) => [name, lines.map((line) => line.replace(/^.*\] /, ''))]),
    [
      ['dmesg-x', ['no head']],
      ['Panic-1', ['before', 'and then', 'Kernel panic - not syncing: dead']],
      ['Oops-1', ['BUG: early']],
      ['Panic-1', ['Kernel panic - not syncing: dead']],
    ],
  );
});

test('a dump is of the boot whose beginning fits, and of none where none does', () => {
  const [dump] = dumpsOf([{ name: 'dmesg-1', text: parts[0][1], mtimeMs: diedMs }]);
  assert.ok(dump !== undefined);
  const now = { boot: 'now', bootedMs: diedMs + 60_000_000 };
  const before = { boot: 'before', bootedMs: diedMs - 205_000 };
  assert.equal(bootOfDump(dump, [now, before]), 'before');
  assert.equal(bootOfDump(dump, [now, { ...before, bootedMs: diedMs - 9_000_000 }]), '');
});

test('each file is sent once, stays unless it is to go, and a compressed one is only told of', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-pstore-'));
  try {
    for (const [name, text] of [
      ...parts,
      ['dmesg-efi-4.enc.z', 'x'],
      ['console-1', 'c'],
    ] as const) {
      await writeFile(join(folder, name), text);
      await utimes(join(folder, name), diedMs / 1_000, diedMs / 1_000);
    }
    const kept = new Map<string, string>();
    const batches: KernelBatch[] = [];
    const files = {
      readFile: async (name: string) => kept.get(name) ?? null,
      replaceFile: async (name: string, text: string) => void kept.set(name, text),
    };
    const send = (isRemoving = false) =>
      sendPstore(
        {
          ...{ folder, isRemoving, files, log: () => undefined },
          starts: [{ boot: 'boot-1', bootedMs: diedMs - 200_000 }],
          sender: { deliver: async (batch) => void batches.push(batch) },
        },
        new AbortController().signal,
      );
    await send();
    const [panic, oops, left] = batches;
    assert.match(panic?.source ?? '', /^pstore\/Panic-1-[0-9a-f]{8}$/);
    assert.equal(panic?.boot, 'boot-1');
    assert.deepEqual(
      panic?.records.map(({ sequence, saidMs }) => [sequence, (saidMs ?? 0) - diedMs]),
      [
        [0, -10_000],
        [1, -5_000],
        [2, 0],
      ],
    );
    assert.equal(oops?.records.length, 1);
    assert.match(left?.records[0]?.text ?? '', /dmesg-efi-4.enc.z .* compressed/);
    assert.equal(batches.length, 3);
    await send();
    assert.equal(batches.length, 3);
    await writeFile(join(folder, 'dmesg-efi-1'), 'Panic#2 Part1\n<0>[    9.000000] again\n');
    await send(true);
    assert.equal(batches.length, 4);
    assert.deepEqual(await readdir(folder), ['console-1', 'dmesg-efi-4.enc.z']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a host without pstore has nothing to send', async () => {
  const files = { readFile: async () => null, replaceFile: async () => undefined };
  const sender = { deliver: () => Promise.reject(new Error('nothing was to be sent')) };
  const own = { folder: '/nonexistent/pstore', isRemoving: false, starts: [], files, sender };
  await sendPstore({ ...own, log: () => undefined }, new AbortController().signal);
});
