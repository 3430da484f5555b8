import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandOutput, runCommand } from '../../src/system/command.ts';

test('ports, addresses, routes and VLANs, against the real kernel', async (context) => {
  const namespace = `bh-kernel-${process.pid}`;
  await commandOutput(['ip', 'netns', 'add', namespace]);
  try {
    const script = join(import.meta.dirname, 'kernel-inside.ts');
    const inside = ['nsenter', `--net=/run/netns/${namespace}`, process.execPath, script] as const;
    const { code, stdout, stderr } = await runCommand([...inside], { timeoutMs: 60_000 });
    assert.equal(code, 0, `${stdout}${stderr}`);
    if (stdout !== '') context.diagnostic(stdout.trim());
  } finally {
    await commandOutput(['ip', 'netns', 'delete', namespace]);
  }
});
