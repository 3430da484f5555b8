// The page in a real browser on a running lab: what an operator does at three in the morning.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { labPaths } from '../../src/lab/paths.ts';
import { eventually, exampleFile, LabUnderTest } from '../lab/lab-under-test.ts';
import { checkAccessible, desktop, goTo, patienceMs, phone, TestBrowser } from './browser.ts';

const name = 'shop-web';
/** It has no standby, and keeps away from nobody. */
const plain = 'status-page';
/** Where the pictures of the docs are written; not unless it is asked for. */
const pictures = process.env['BRIDGEHEAD_PAGE_PICTURES'] ?? null;

let lab: LabUnderTest;
let browser: TestBrowser;
let token: string;
let url: string;
let withStandby: string;

before(async () => {
  lab = await LabUnderTest.up('w', 7171);
  browser = await TestBrowser.start();
  // Chromium has that name for this machine alone.
  url = (await lab.status()).url.replace('127.0.0.1', 'localhost');
  token = (await readFile(labPaths(lab.name).adminToken, 'utf8')).trim();
  const example = await readFile(exampleFile, 'utf8');
  withStandby = example.replace('    tier: 0\n', '    tier: 0\n    standbys: 1\n');
  const applied = await lab.apply(withStandby, '--wait');
  assert.equal(applied.code, 0, applied.stderr);
  await lab.allServing(90_000);
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});
afterEach(() => {
  assert.deepEqual(browser.complaints.splice(0), [], 'the console has errors');
});

const open = (look = {}): Promise<Page> => browser.open(url, token, look);

/** The tile of the host that an instance is shown on. */
function tileWith(page: Page, instance: string) {
  const line = page.locator('.lines').getByRole('link', { name: instance });
  return page.getByRole('article').filter({ has: line });
}

/** The pictures of the docs: desktop and phone. */
async function picturesOf(folder: string, colours: 'light' | 'dark'): Promise<void> {
  for (const [called, size] of [
    ['desktop', desktop],
    ['phone', phone],
  ] as const) {
    const page = await open({ size, colours });
    await page.getByRole('article').first().waitFor();
    await page.screenshot({ path: join(folder, `fleet-${colours}-${called}.png`) });
    await goTo(page, `#/instances/${name}`);
    await page.getByRole('img', { name: /^Requests/ }).waitFor();
    await page.screenshot({ path: join(folder, `instance-${colours}-${called}.png`) });
    await page.context().close();
  }
}

test('a migration: where it may go, what will happen, its steps, and where it is then', async () => {
  const page = await open();
  const { host: from } = await lab.instance(name);
  await tileWith(page, name)
    .getByRole('link', { name: from ?? '' })
    .waitFor();
  await goTo(page, `#/instances/${name}`);
  await page.getByRole('button', { name: 'Migrate …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('lets no new connection in').waitFor();
  const to = await dialog.getByRole('radio', { checked: true }).getAttribute('value');
  await dialog.getByRole('textbox', { name: 'Why' }).fill('to see the page do it');
  await dialog.getByRole('button', { name: `Migrate to ${to}` }).click();
  await dialog.getByText('done', { exact: true }).waitFor();
  assert.deepEqual(await dialog.locator('.step').allTextContents(), [
    'prepare',
    'quiesce',
    'release',
    'switch',
    'verify',
    'remove',
  ]);
  await page.keyboard.press('Escape');
  await goTo(page, '#/');
  await tileWith(page, name)
    .getByRole('link', { name: to ?? '' })
    .waitFor();
  assert.equal((await lab.instance(name)).host, to);
  await page.close();
});

test('what is locked says by whom, and is refused', async () => {
  const page = await open();
  await lab.allServing(90_000);
  await goTo(page, `#/instances/${plain}`);
  await page.getByRole('button', { name: 'Migrate …' }).click();
  const dialog = page.getByRole('dialog');
  const target = await dialog.getByRole('radio', { checked: true }).getAttribute('value');
  await dialog.getByRole('textbox', { name: 'Why' }).fill('the first');
  // Its Docker Engine stands still: a migration there holds its lock while it is prepared.
  await lab.lab('kill', `dockerd:${target}`, '--signal', 'STOP');
  await dialog.getByRole('button', { name: `Migrate to ${target}` }).click();
  await dialog.getByText('running', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Migrate …' }).click();
  await dialog.getByText('Locked').waitFor();
  await dialog.getByText('(the first)').waitFor();
  await dialog.getByRole('button', { name: /^Migrate to/ }).click();
  await dialog.getByRole('alert').getByText('BUSY').waitFor();
  if (pictures !== null) await page.screenshot({ path: join(pictures, 'locked.png') });
  await page.keyboard.press('Escape');
  await lab.lab('kill', `dockerd:${target}`, '--signal', 'CONT');
  await page.getByText('Locked').waitFor({ state: 'detached', timeout: 2 * patienceMs });
  browser.complaints.splice(0).every((text) => assert.match(text, /409/));
  await page.close();
});

test('a server is drained without a reload, after what that does was shown, and comes back', async () => {
  const page = await open();
  await goTo(page, `#/instances/${name}`);
  const row = page.getByRole('row').filter({ hasText: 'shop-1' });
  const dialog = page.getByRole('dialog');
  const change = async (state: string) => {
    await row.getByRole('button', { name: 'Change …' }).click();
    const act = dialog.getByRole('button', { name: /^Change shop/ });
    assert.ok(await act.isDisabled(), 'nothing is another yet');
    await dialog.getByRole('radio', { name: state }).check();
    await dialog.getByText(`to ${state}, at once and without a reload`).waitFor();
    await checkAccessible(page, `a server that goes to ${state}`);
    await act.click();
    await dialog.getByRole('status').waitFor();
    await page.keyboard.press('Escape');
  };
  await change('drain');
  await row.getByText('draining').waitFor();
  await change('ready');
  await row.getByText('up', { exact: true }).waitFor();
  await page.close();
});

test('failover is disarmed and armed, after what that means was shown', async () => {
  const page = await open();
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Disarm …' }).click();
  await dialog.getByText('No host is failed over until failover is armed again').waitFor();
  await checkAccessible(page, 'disarming failover');
  await dialog.getByRole('textbox', { name: 'Why' }).fill('the switch is replaced');
  await dialog.getByRole('button', { name: 'Disarm failover' }).click();
  await dialog.getByRole('status').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('the switch is replaced').waitFor();
  await page.getByRole('button', { name: 'Arm …' }).click();
  await dialog.getByText('It was disarmed for: the switch is replaced').waitFor();
  await dialog.getByRole('button', { name: 'Arm failover' }).click();
  await dialog.getByRole('status').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('a silent host is failed over').waitFor();
  await page.close();
});

test('a configuration: what changed, and the way back', async () => {
  const page = await open();
  await lab.allServing(90_000);
  const spec = withStandby.replace('timeout client 30s', 'timeout client 31s');
  const applied = await lab.apply(spec, '--wait');
  assert.equal(applied.code, 0, applied.stderr);
  await goTo(page, `#/instances/${name}`);
  const versions = page.getByRole('region', { name: 'Versions' });
  const before = versions
    .getByRole('row')
    .filter({ has: page.getByRole('button', { name: 'Roll back …' }) });
  await before.first().getByRole('button', { name: 'Roll back …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.diff .minus').getByText('timeout client 31s').waitFor();
  await dialog.locator('.diff .plus').getByText('timeout client 30s').waitFor();
  if (pictures !== null) await page.screenshot({ path: join(pictures, 'rollback.png') });
  await dialog.getByRole('textbox', { name: 'Why' }).fill('31 was too long');
  await dialog.getByRole('button', { name: /^Roll back to version/ }).click();
  await dialog.getByText('done', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await eventually(async () =>
    assert.match((await lab.instance(name)).config, /timeout client 30s/),
  );
  await versions.getByText('31 was too long').waitFor();
  await page.close();
});

test('a host dies: the page shows it and where its instances go, without a reload', async () => {
  const page = await open();
  await lab.allServing(90_000);
  const { host } = await lab.instance(name);
  assert.ok(host !== null);
  await tileWith(page, name).getByRole('link', { name: host }).waitFor();
  if (pictures !== null) {
    await lab.load(name, 45, 60);
    await picturesOf(pictures, 'light');
  }
  await page.evaluate('globalThis.isSamePage = true');
  await lab.lab('crash', host, '--panic');
  await page.getByRole('article', { name: `host ${host}, dead` }).waitFor();
  const other = page.getByRole('article').filter({ hasNotText: host });
  await other.locator('.lines').getByRole('link', { name }).waitFor();
  assert.equal(await page.evaluate('globalThis.isSamePage'), true);
  await page.getByRole('region', { name: 'What needs a look' }).getByText(host).waitFor();
  if (pictures !== null) await picturesOf(pictures, 'dark');
  await checkAccessible(page, 'the map with a dead host');
  await page.close();

  const later = await open();
  await goTo(later, '#/incidents');
  await later
    .getByRole('region', { name: 'Incidents' })
    .getByRole('row')
    .filter({ hasText: host })
    .first()
    .getByRole('link')
    .nth(1)
    .click();
  await later.getByRole('heading', { name: 'Time line' }).waitFor();
  await later.getByText('served again').first().waitFor();
  await checkAccessible(later, 'an incident');
  if (pictures !== null) await later.screenshot({ path: join(pictures, 'incident.png') });
  await later.close();
});

test('a crash is found by what the kernel said', async () => {
  const page = await open();
  await goTo(page, '#/logs');
  await page.getByRole('searchbox', { name: 'Search' }).fill('"Kernel panic"');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.locator('.log').getByText('Kernel panic - not syncing').first().waitFor();
  await page
    .getByRole('button', { name: /^Messages around/ })
    .first()
    .click();
  await page.getByRole('heading', { name: 'Before and after, from the same host' }).waitFor();
  await goTo(page, '#/crashes');
  await page.getByRole('region', { name: 'Crash groups' }).getByRole('link').first().click();
  await page
    .getByRole('region', { name: 'Newest report' })
    .getByText('Kernel panic')
    .first()
    .waitFor();
  await page.close();
});
