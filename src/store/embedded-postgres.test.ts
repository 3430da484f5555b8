import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { systemClock } from '../system/clock.ts';
import { EmbeddedPostgres, livingPostmaster } from './embedded-postgres.ts';
import { openStore } from './open-store.ts';
import { chooseUser, postgresBinaries } from './postgres-binaries.ts';
import { MemoryKeys } from './test-keys.ts';

/** Nothing is sealed here: any will do, also another process's. */
const keys = new MemoryKeys();
const quiet = { clock: systemClock, log: () => undefined };

async function inFolder(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bridgehead-pg-'));
  await chmod(directory, 0o755);
  try {
    await work(directory);
  } finally {
    const pid = await livingPostmaster(join(directory, 'postgres', 'data'));
    if (pid !== null) process.kill(pid, 'SIGQUIT');
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

test('rows that a killed scheduler was told are safe are there for the next one', () =>
  inFolder(async (directory) => {
    const script = join(directory, 'victim.ts');
    await writeFile(
      script,
      `import { openStore } from '${join(import.meta.dirname, 'open-store.ts')}';
       import { systemClock } from '${join(import.meta.dirname, '../system/clock.ts')}';
       import { MemoryKeys } from '${join(import.meta.dirname, 'test-keys.ts')}';
       const { store } = await openStore({ databaseUrl: null, directory: ${JSON.stringify(directory)},
         clock: systemClock, random: Math.random, log: () => undefined,
         keys: new MemoryKeys() });
       for (let n = 1; ; n += 1) {
         await store.transact((tx) => tx.putSetting('n', String(n)));
         process.stdout.write(n + '\\n');
       }`,
    );
    const victim = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = 0;
    for await (const chunk of victim.stdout) {
      told = Number(String(chunk).trim().split('\n').at(-1));
      if (told >= 20) break;
    }
    victim.kill('SIGKILL');
    const orphan = await livingPostmaster(join(directory, 'postgres', 'data'));
    assert.notEqual(orphan, null, 'the server outlives its scheduler');
    const options = { databaseUrl: null, directory, random: Math.random, keys, ...quiet };
    await using store = (await openStore(options)).store;
    const kept = Number(await store.transact((tx) => tx.setting('n')));
    assert.ok(kept >= told, `told ${told}, kept ${kept}`);
    const adopted = await livingPostmaster(join(directory, 'postgres', 'data'));
    assert.equal(adopted, orphan, 'the orphan is adopted, not replaced');
  }));

test('a second scheduler on the folder is refused while the first lives', () =>
  inFolder(async (directory) => {
    await using first = await EmbeddedPostgres.start({ directory, ...quiet });
    assert.notEqual(await first.pid(), null);
    await assert.rejects(
      EmbeddedPostgres.start({ directory, ...quiet }),
      (error) =>
        error instanceof BridgeheadError &&
        error.code === 'BUSY' &&
        error.message.includes(`scheduler ${process.pid}`),
    );
  }));

test('a server that is killed comes back, and queries with it', () =>
  inFolder(async (directory) => {
    const options = { databaseUrl: null, directory, random: Math.random, keys, ...quiet };
    await using store = (await openStore(options)).store;
    await store.transact((tx) => tx.putSetting('a', '1'));
    const pid = await livingPostmaster(join(directory, 'postgres', 'data'));
    assert.ok(pid !== null);
    process.kill(pid, 'SIGKILL');
    let value: string | null = null;
    for (let tries = 0; value === null && tries < 200; tries += 1) {
      value = await store.transact((tx) => tx.setting('a')).catch(() => null);
      if (value === null) await systemClock.sleep(50);
    }
    assert.equal(value, '1');
    assert.notEqual(await livingPostmaster(join(directory, 'postgres', 'data')), pid);
  }));

test('after an orderly stop nothing runs', () =>
  inFolder(async (directory) => {
    const server = await EmbeddedPostgres.start({ directory, ...quiet });
    await server[Symbol.asyncDispose]();
    assert.equal(await livingPostmaster(join(directory, 'postgres', 'data')), null);
  }));

test('binaries that its user may not reach are copied once to where it may', async (context) => {
  const user = await chooseUser();
  if (user === null) return context.skip('only root runs the server as somebody else');
  await inFolder(async (directory) => {
    const closed = join(directory, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const reachable = dirname(dirname(await postgresBinaries(user, directory)));
    await cp(reachable, join(closed, 'package'), { recursive: true, verbatimSymlinks: true });
    const bin = await postgresBinaries(user, directory, join(closed, 'package'));
    assert.ok(bin.startsWith(join(directory, 'native-')), bin);
    const { ino } = await stat(join(bin, 'postgres'));
    await postgresBinaries(user, directory, join(closed, 'package'));
    assert.equal((await stat(join(bin, 'postgres'))).ino, ino, 'not copied twice');
  });
});

test('a data folder that its user may not reach is one clear error', async (context) => {
  if ((await chooseUser()) === null)
    return context.skip('only root runs the server as somebody else');
  await inFolder(async (directory) => {
    await chmod(directory, 0o700);
    await assert.rejects(
      EmbeddedPostgres.start({ directory, ...quiet }),
      (error) => error instanceof BridgeheadError && error.code === 'PREREQUISITE_MISSING',
    );
  });
});
