/**
 * Every view in a real browser, wide and on a phone, light and dark: axe finds nothing, nothing reaches beyond the edge, and
 * the browser has nothing to refuse under the content security policy that the server sends.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beyondTheEdge, drawn, openTab, type Look } from '../../support/web/browsing.ts';
import { startChromium } from '../../support/web/chromium.ts';
import { detailOf, plan } from '../../support/web/detail.ts';
import { fleetOf, stackAt, storesOf } from '../../support/web/fleet.ts';
import { PageServer } from '../../support/web/page-server.ts';
import { hostileDetail, hostileStack, hostileStore } from '../../support/web/hostile.ts';

interface View {
  readonly name: string;
  readonly hash: string;
  /** What is there once it is drawn. */
  readonly drawn: string;
  readonly prepare?: (page: Page) => Promise<void>;
}

const ill = stackAt(42, Date.now());
const views: readonly View[] = [
  { name: 'all stacks', hash: '#/stacks', drawn: 'tbody tr' },
  { name: 'no stack that matches', hash: '#/stacks?text=nothing&phase=Ready', drawn: '.nothing' },
  {
    name: 'one stack in trouble, with its plan',
    hash: `#/stacks/${ill.key}`,
    drawn: '.conditions li',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Look' }).click();
      await page.waitForSelector('.plan pre');
    },
  },
  { name: 'one stack of hostile words', hash: `#/stacks/${hostileStack.key}`, drawn: '.conditions li' },
  { name: 'stores', hash: '#/stores', drawn: 'tbody tr' },
  {
    name: 'help',
    hash: '#/stacks',
    drawn: 'tbody tr',
    prepare: async (page) => {
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
];
const looks: readonly Look[] = [1440, 360].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

let browser: Browser;
let server: PageServer;

beforeAll(async () => {
  browser = await startChromium();
  server = await PageServer.start({
    stacks: [hostileStack, ...fleetOf(1000)],
    stores: [hostileStore, ...storesOf(40)],
    detail: (row) => (row.key === hostileStack.key ? hostileDetail : detailOf(row)),
    plan,
    about: {
      limits: [
        { namespace: 'a', what: 'backups', message: 'You may not list backups in namespace a.' },
        { namespace: 'b', what: 'stores', message: 'You may not list stores in namespace b.' },
      ],
    },
  });
});

afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

describe.each(looks)('at $width pixels, $scheme', (look) => {
  it.each(views)('$name', async ({ hash, drawn: sign, prepare }) => {
    await using tab = await openTab(browser, `${server.address}${hash}`, look);
    const { page, complaints } = tab;
    await drawn(tab, sign);
    await prepare?.(page);
    const axe = new AxeBuilder({ page });
    // In the other scheme only colours are others.
    if (look.scheme === 'dark') axe.withRules('color-contrast');
    const { violations } = await axe.analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
    expect(await beyondTheEdge(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

it('asks for a token, and says when it was refused', async () => {
  await using other = await PageServer.start({ stacks: fleetOf(3), stores: [] });
  other.signOut({ how: 'Token', message: 'This page wants to know who you are.' });
  await using tab = await openTab(browser, other.address, { width: 360, scheme: 'dark' });
  const { page } = tab;
  await drawn(tab, 'form');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  other.refuse('This token is not valid.');
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This token is not valid.').waitFor();
  other.refuse(undefined);
  await page.getByLabel('Token').fill('right');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await drawn(tab, 'tbody tr');
});

it('runs nothing of what comes from outside, and shows it as it is', async () => {
  await using tab = await openTab(browser, `${server.address}#/stacks?text=hostile`);
  const { page } = tab;
  const row = page.locator('tbody tr').first();
  await row.waitFor();
  expect(await row.locator('.message').textContent()).toContain('<img src=x onerror=alert(1)> ␛[31mred');
  expect(await page.locator('img, script:not([src]), iframe').count()).toBe(0);
  await page.goto(`${server.address}#/stacks/${hostileStack.key}`);
  await drawn(tab, '.conditions li');
  expect(await page.locator('img, script:not([src]), iframe').count()).toBe(0);
  const text = (await page.locator('main').textContent()) ?? '';
  expect(text).toContain('<script>alert(2)</script>');
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(text).not.toMatch(/[\u001b\u202e\u2066]/);
});
