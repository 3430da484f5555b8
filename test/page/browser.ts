// A real Chromium on the page: what went wrong in it, what axe finds, what it looks like.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

/** The machine may be busy with all else that is tested: a wait is for what never comes. */
export const patienceMs = 60_000;

interface AxeAnswer {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

export interface Look {
  readonly size?: { readonly width: number; readonly height: number };
  readonly colours?: 'light' | 'dark';
}

/** Chromium with a profile of its own, which goes with it. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  /** What the pages complained of. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    return new TestBrowser(await chromium.launch({ executablePath, args: flags }));
  }

  /** A page that has come in by a token. */
  async open(url: string, token: string, { size = desktop, colours = 'light' }: Look = {}) {
    const context = await this.#browser.newContext({
      ...{ viewport: size, colorScheme: colours, reducedMotion: 'reduce' },
    });
    const page = await context.newPage();
    page.setDefaultTimeout(patienceMs);
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.complaints.push(`${message.type()}: ${message.text()}`);
      }
    });
    await page.goto(`${url}/#/`);
    await page.getByRole('button', { name: 'Token' }).click();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Come in' }).click();
    await page.getByText('live', { exact: true }).waitFor();
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Goes to a place of the page, without loading it anew. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator('main h1').first().waitFor({ state: 'attached' });
  await page.locator('main').filter({ hasText: 'Asking …' }).waitFor({ state: 'detached' });
}

/** Nothing serious or worse by WCAG 2.2 AA, as far as axe can tell. */
export async function checkAccessible(page: Page, where: string): Promise<void> {
  // By the debugger's own way in: the page's policy lets nothing run that it did not send itself.
  await page.evaluate(readFileSync(axeFile, 'utf8'));
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const options = JSON.stringify({ runOnly: { type: 'tag', values: tags } });
  const found = await page.evaluate<AxeAnswer>(`axe.run(${options})`);
  const faults = found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  assert.deepEqual(faults, [], where);
}

/** Nothing is wider than the screen, but what scrolls by itself. */
export async function checkFits(page: Page, where: string): Promise<void> {
  const root = 'document.documentElement';
  const over = Number(await page.evaluate(`${root}.scrollWidth - ${root}.clientWidth`));
  assert.ok(over <= 0, `${where} is ${over} px wider than the screen`);
}
