// What comes from elsewhere: each package is one that was chosen, and the bill of materials has it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly { readonly name: string }[];
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const json = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, 'utf8')) as T;
const manifest = await json<Manifest>(join(root, 'package.json'));
const lock = await json<{ packages: Record<string, Locked> }>(join(root, 'package-lock.json'));
const locked = Object.entries(lock.packages).flatMap(([path, one]) =>
  path === '' ? [] : [{ ...one, name: path.slice(path.lastIndexOf('node_modules/') + 13) }],
);

test('each package has one version and one content', () => {
  for (const [name, version] of Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
  })) {
    assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
  }
  assert.ok(locked.length > 100);
  for (const { name, integrity } of locked) assert.match(integrity ?? '', /^sha512-/, name);
});

test('no package runs anything when it is installed but those that were looked at', () => {
  const running = locked.filter(({ hasInstallScript }) => hasInstallScript === true);
  assert.deepEqual(
    running.map(({ name }) => name).toSorted(),
    Object.keys(manifest.allowScripts).toSorted(),
  );
});

test('the bill of materials has every package, and says which are not shipped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-sbom-'));
  try {
    const path = join(folder, 'bom.cdx.json');
    await promisify(execFile)(join(root, 'scripts/run'), ['sbom', path]);
    const bill = await json<{
      bomFormat: string;
      components: Component[];
    }>(path);
    assert.equal(bill.bomFormat, 'CycloneDX');
    const named = (all: readonly { name: string; version: string }[]) =>
      [...new Set(all.map(({ name, version }) => `${name}@${version}`))].toSorted();
    assert.deepEqual(named(bill.components), named(locked));
    const isMarked = ({ properties }: Component) =>
      properties?.some(({ name }) => name === 'cdx:npm:package:development') === true;
    assert.deepEqual(
      named(bill.components.filter((one) => !isMarked(one))),
      named(locked.filter(({ dev }) => dev !== true)),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
