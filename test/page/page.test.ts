// The page in a real browser, over the real API and database; the agents of its fleet are models.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { HostName } from '../../src/domain/ids.ts';
import { checkAccessible, checkFits, desktop, goTo, phone, TestBrowser } from './browser.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const places = [
  ...['#/', '#/hosts/host-1', '#/instances/service-1', '#/operations', '#/incidents', '#/crashes'],
  ...['#/logs', '#/pools', '#/capacity', '#/access', '#/nowhere'],
];

let fleet: SimulatedFleet;
let browser: TestBrowser;

before(async () => {
  [fleet, browser] = await Promise.all([
    SimulatedFleet.start({ hosts: 6, instances: 24 }),
    TestBrowser.start(),
  ]);
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
});
afterEach(() => {
  assert.deepEqual(browser.complaints.splice(0), [], 'the console has errors');
});

const open = (look = {}): Promise<Page> => browser.open(fleet.url, fleet.token, look);

for (const colours of ['light', 'dark'] as const) {
  for (const [name, size] of [
    ['desktop', desktop],
    ['phone', phone],
  ] as const) {
    test(`every view is accessible and fits: ${colours}, ${name}`, async () => {
      const page = await open({ colours, size });
      for (const place of places) {
        await goTo(page, place);
        await checkAccessible(page, `${place} ${colours} ${name}`);
        await checkFits(page, `${place} ${name}`);
      }
      await goTo(page, '#/instances/service-1');
      await page.getByRole('button', { name: 'Migrate …' }).click();
      await page.getByRole('heading', { name: 'What will happen' }).waitFor();
      await checkAccessible(page, 'the dialog of a migration');
      await page.close();
    });
  }
}

test('a wrong token is refused at the door, and says so', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Token' }).click();
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByRole('alert').getByText('UNAUTHORIZED').waitFor();
  assert.equal(await page.locator('.tile').count(), 0);
  // The browser itself reports each answer that is an error.
  assert.ok(browser.complaints.splice(0).every((text) => /401/.test(text)));
  await page.close();
});

test('an invitation lets a person in, who may act, go out, and come back by password', async () => {
  const url = fleet.url.replace('127.0.0.1', 'localhost');
  const page = await browser.open(url, fleet.token);
  await goTo(page, '#/access');
  await page.getByRole('button', { name: 'Add a user …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('ann');
  await dialog.getByLabel('Role').selectOption('operator');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const invitation = (await dialog.locator('.secret').textContent()) ?? '';
  assert.match(invitation, /^bhi\./);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Invitation' }).click();
  await page.getByLabel('Invitation', { exact: true }).fill(invitation);
  await page.getByLabel('User').fill('ann');
  await page.getByLabel(/^New password/).fill('correct horse battery');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByText('live', { exact: true }).waitFor();
  // The cookie alone lets them in again, and what they change carries the word against forgery.
  await page.reload();
  await page.getByText('live', { exact: true }).waitFor();
  await goTo(page, '#/hosts/host-1');
  await page.getByRole('button', { name: 'Cordon …' }).click();
  await dialog.getByRole('button', { name: 'Cordon host-1' }).click();
  await page.getByText('cordoned', { exact: true }).first().waitFor();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Password' }).waitFor();
  await page.reload();
  await page.getByLabel('User').fill('ann');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByText('live', { exact: true }).waitFor();
  await page.close();
});

test('by keyboard alone: find an address, go there, open and close an act', async () => {
  const page = await open();
  await page.keyboard.press('/');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type('10.0.0.7');
  await page.getByRole('option', { name: 'service-7' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'service-7' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Migrate service-7' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.close();
});

test('what the fleet says is text: nothing of it becomes markup or code', async () => {
  const evil = `<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>`;
  const page = await open();
  await fleet.scheduler.setCordon('host-2' as HostName, evil, evil);
  await fleet.change('service-2', { notes: evil, owner: evil, contact: evil, service: evil });
  await fleet.say(evil);
  await goTo(page, '#/hosts/host-2');
  await page.getByText(evil).first().waitFor();
  await goTo(page, '#/instances/service-2');
  await page.getByText(evil).first().waitFor();
  await goTo(page, '#/logs');
  await page.getByText(evil).first().waitFor();
  await goTo(page, `#/hosts/${encodeURIComponent(evil)}`);
  await page.getByRole('heading', { level: 1 }).getByText(evil).waitFor();
  assert.equal(await page.evaluate(() => (globalThis as { hit?: number }).hit), undefined);
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.ok(browser.complaints.splice(0).every((text) => /40[04]/.test(text)));
  await page.close();
});

test('what changes is shown without a reload', async () => {
  const page = await open();
  await page.getByRole('article', { name: 'host host-3, ready' }).waitFor();
  await fleet.scheduler.setCordon('host-3' as HostName, 'new fan', 'ann');
  await page.getByRole('article', { name: 'host host-3, cordoned' }).waitFor();
  const moved = page
    .getByRole('article', { name: 'host host-4' })
    .getByRole('link', { name: 'service-5' });
  assert.equal(await moved.count(), 0);
  await goTo(page, '#/instances/service-5');
  await page.getByRole('button', { name: 'Migrate …' }).click();
  await page.getByRole('radio', { name: 'host-4' }).check();
  await page.getByText('host-4 prepares a container').waitFor();
  await page.getByRole('textbox', { name: 'Why' }).fill('to see it move');
  await page.getByRole('button', { name: 'Migrate to host-4' }).click();
  await page.getByRole('dialog').getByText('done', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await goTo(page, '#/');
  await moved.waitFor();
  await page.close();
});

test('what is locked says by whom and is refused, until it is cancelled', async () => {
  const target = fleet.agents.get('host-6');
  assert.ok(target !== undefined);
  // A migration there holds its lock while it is prepared.
  target.fault = 'never-prepare';
  const page = await open();
  await goTo(page, '#/instances/service-4');
  const dialog = page.getByRole('dialog');
  const ask = async (host: string, why: string) => {
    await page.getByRole('button', { name: 'Migrate …' }).click();
    await dialog.getByRole('radio', { name: host }).check();
    await dialog.getByRole('textbox', { name: 'Why' }).fill(why);
    await dialog.getByRole('button', { name: `Migrate to ${host}` }).click();
  };
  await ask('host-6', 'the first');
  await dialog.getByText('running', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Locked').waitFor();
  await ask('host-5', 'the second');
  await dialog.getByText('(the first)').waitFor();
  await dialog.getByRole('alert').getByText('BUSY').waitFor();
  await checkAccessible(page, 'a refusal');
  await page.keyboard.press('Escape');
  await page.getByRole('status').getByRole('link').click();
  await page.getByRole('button', { name: 'Cancel and undo' }).click();
  await page.getByText('cancelled', { exact: true }).first().waitFor();
  await goTo(page, '#/instances/service-4');
  await page.getByText('Locked').waitFor({ state: 'detached' });
  target.fault = null;
  assert.ok(browser.complaints.splice(0).every((text) => text.includes('409')));
  await page.close();
});

test('a page whose scheduler is gone says so, and of when it is', async () => {
  const own = await SimulatedFleet.start({ hosts: 2, instances: 2 });
  const page = await browser.open(own.url, own.token);
  await own[Symbol.asyncDispose]();
  await page.getByRole('alert').getByText('The scheduler is gone').waitFor();
  await page.getByText('What you see is of').waitFor();
  assert.equal(await page.getByRole('article').count(), 2, 'what was known is still shown');
  assert.ok(browser.complaints.splice(0).every((text) => /ERR_|Failed to load/.test(text)));
  await page.close();
});
