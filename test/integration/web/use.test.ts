/** What somebody does with the page, in a real browser: with keys only, with changes coming in, and without a connection. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { drawn, openTab, type Tab } from '../../support/web/browsing.ts';
import { startChromium } from '../../support/web/chromium.ts';
import { detailOf, plan } from '../../support/web/detail.ts';
import { fleetOf, storesOf } from '../../support/web/fleet.ts';
import { PageServer } from '../../support/web/page-server.ts';

const stacks = fleetOf(1000);
/** A stack that is well. */
const calm = stacks.find(({ verdict }) => verdict === 'Good') ?? stacks[0]!;

let browser: Browser;
let server: PageServer;
let tab: Tab;
let page: Page;

beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());
beforeEach(async () => {
  server = await PageServer.start({ stacks, stores: storesOf(20), detail: (row) => detailOf(row), plan });
  tab = await openTab(browser, server.address);
  ({ page } = tab);
  await whole(tab);
});
afterEach(async () => {
  await tab[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** The rows come in two parts. There are some after the first. */
async function whole(of: Tab): Promise<void> {
  await drawn(of, '.state.Good');
  await drawn(of, 'tbody tr');
}

/** A machine that builds other things meanwhile takes its time. */
const patience = { timeout: 20_000 };
const found = (): Promise<string> => page.locator('.found').innerText();
const rowOf = (key: string) => page.locator('tbody tr', { hasText: key });
const focused = (): Promise<string> => page.locator(':focus').innerText();
const scrollTo = (at: Page, pixels: number): Promise<void> =>
  at.evaluate<void>(`document.querySelector('.scroller').scrollTop = ${pixels}`);
const address = (): string => new URL(page.url()).hash;

describe('with keys', () => {
  it('one walks down the list, into a stack, and back to the same row', async () => {
    await page.keyboard.press('j');
    expect(await focused()).toBe(stacks[0]?.key);
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    expect(await focused()).toBe(stacks[1]?.key);
    await page.keyboard.press('Enter');
    await page.locator('.conditions li').first().waitFor();
    expect(address()).toBe(`#/stacks/${stacks[1]?.key}`);
    await page.keyboard.press('Escape');
    await page.locator('tbody tr :focus').waitFor();
    expect(await focused()).toBe(stacks[1]?.key);
  });

  it('one reaches rows that were not drawn yet, and Tab reaches the next row', async () => {
    for (let press = 0; press < 60; press += 1) await page.keyboard.press('j');
    expect(await focused()).toBe(stacks[59]?.key);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe(stacks[60]?.key);
    expect(await page.locator('tbody tr').count()).toBeLessThan(80);
  });

  it('one filters, opens the first that matches, and empties the filter', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('hostkeymismatch');
    await expect.poll(found, patience).toBe('1 of 1000');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('bernstein-bank/main');
    await page.keyboard.press('Escape');
    expect(await found()).toBe('1000 stacks');
  });

  it('one asks for help, which the browser closes', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('s');
    await page.locator('table.stores').waitFor();
    expect(address()).toBe('#/stores');
    await page.keyboard.press('g');
    await page.locator('table.fleet').waitFor();
    expect(address()).toBe('#/stacks');
  });

  it('one goes on as soon as the help is gone, before its element says so', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    // A busy browser closes the dialog, handles the next key, and only then sends the event.
    await page.evaluate(
      'document.querySelector("dialog").addEventListener("close", (event) => event.stopImmediatePropagation(), true)',
    );
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('s');
    await expect.poll(address, patience).toBe('#/stores');
  });

  it('one sees which keys a store trusts', async () => {
    await page.keyboard.press('s');
    const keys = page.locator('tbody td.keys bdi');
    await expect.poll(() => keys.allInnerTexts(), patience).toContain('e14c9ab0 +1');
    // One of them revokes the earlier key.
    expect(await keys.allInnerTexts()).toContain('e14c9ab0');
    const titles = await Promise.all((await keys.all()).map((one) => one.getAttribute('title')));
    expect(titles.join('\n')).toContain('7d0b3a5c19e84f26a1c2d3e4f5061728, earlier, revoked');
  });

  it('one sees exact times, also by focus alone', async () => {
    const time = page.locator('tbody td.point time').first();
    await page.keyboard.press('t');
    await expect.poll(() => time.innerText(), patience).toMatch(/^\d{4}-\d\d-\d\d/);
    expect(await time.getAttribute('data-tip')).toMatch(/ago$/);
    await page.keyboard.press('t');
    await page.goto(`${server.address}#/stacks/${calm.key}`);
    const since = page.locator('.conditions time').first();
    await since.focus();
    expect(await page.evaluate('getComputedStyle(document.activeElement, "::after").content')).toMatch(
      /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/,
    );
  });
});

describe('a list', () => {
  it('says its whole size, and draws what is in sight', async () => {
    const table = page.getByRole('table', { name: 'Stacks' });
    expect(await table.getAttribute('aria-rowcount')).toBe('1001');
    expect(await page.getByRole('row').count()).toBeLessThan(60);
    await scrollTo(page, 500 * 32);
    await page.locator('tr[aria-rowindex="510"]').waitFor();
  });

  it('keeps what is shown in its address, so that a link leads there', async () => {
    await page.getByRole('button', { name: 'in trouble' }).click();
    expect(await found()).toBe('3 of 1000');
    await page.getByRole('combobox', { name: 'Version' }).focus();
    await page.getByRole('combobox', { name: 'Version' }).selectOption('3.43.1');
    expect(await found()).toBe('1 of 1000');
    await page.getByRole('button', { name: 'Version' }).click();
    await page.getByRole('button', { name: 'Version' }).click();
    expect(await page.locator('th.version').getAttribute('aria-sort')).toBe('descending');
    const link = page.url();
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await found()).toBe('1000 stacks');
    await using other = await openTab(browser, link);
    await whole(other);
    expect(await other.page.locator('.found').innerText()).toBe('1 of 1000');
    expect(await other.page.locator('th.version').getAttribute('aria-sort')).toBe('descending');
    await page.goBack();
    await expect.poll(found, patience).toBe('1 of 1000');
  });

  it('offers every namespace and label to choose from', async () => {
    const labels = page.getByRole('combobox', { name: 'Label' });
    await labels.focus();
    expect(await labels.locator('option').allInnerTexts()).toContain('jtel.de/tier=gold (334)');
    await page.getByRole('combobox', { name: 'Namespace' }).focus();
    expect(await page.getByRole('combobox', { name: 'Namespace' }).locator('option').count()).toBe(1001);
  });

  it('follows changes, new stacks and removed ones', async () => {
    server.change({ ...calm, urgency: 0, verdict: 'Bad', phase: 'Degraded', message: 'It broke just now.' });
    await rowOf('It broke just now.').waitFor();
    expect(await page.locator('tbody tr').first().innerText()).toContain(calm.key.split('/')[0]);
    server.change({ ...calm, key: 'brand/new', namespace: 'brand', name: 'new', urgency: 0 });
    await rowOf('brand/new').waitFor();
    expect(await found()).toBe('1001 stacks');
    server.remove('brand/new', calm.key);
    await page.getByText('999 stacks').waitFor();
  });

  it('follows changes also where the browser draws no frames, as behind other windows', async () => {
    await page.evaluate('requestAnimationFrame = () => 0');
    server.change({ ...calm, message: 'It happened behind a window.', urgency: 0 });
    await rowOf('It happened behind a window.').waitFor();
    expect(await page.locator('tbody tr').first().innerText()).toContain('It happened behind a window.');
  });
});

describe('one stack', () => {
  beforeEach(async () => {
    await page.goto(`${server.address}#/stacks/${calm.key}`);
    await page.locator('.conditions li').first().waitFor();
  });

  it('has everything there is about it', async () => {
    for (const name of [
      'Conditions',
      'Components',
      'Backups',
      'Restores and tests',
      'History',
      'Events',
      'Commands',
      'Plan',
    ])
      await page.getByRole('region', { name }).waitFor();
    const history = page.getByRole('table', { name: 'History' });
    expect(await history.innerText()).toContain('main@sha1:8e1d0c2b7a');
  });

  it('says of each backup whether it is signed with a key that counts', async () => {
    const backups = page.getByRole('table', { name: 'Backups' });
    const signed = backups.locator('td[data-title=Signed]');
    expect(await signed.allInnerTexts()).toEqual([
      ...Array<string>(3).fill('e14c9ab0'),
      '7d0b3a5c revoked',
      'e14c9ab0',
      'not signed',
    ]);
    expect(await backups.locator('tr.note').innerText()).toContain('a key that the store revokes');
  });

  it('gives commands to copy', async () => {
    await tab.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    // The word goes after 1.5 s, within which a busy machine may not look.
    await page.evaluate(
      'const begin = setTimeout; setTimeout = (act, ms) => (ms === 1500 ? 0 : begin(act, ms))',
    );
    await page.getByRole('button', { name: 'Copy: back up now, and wait for it' }).click();
    await page.getByRole('button', { name: 'Copy: back up now' }).getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      `kubectl jtel backup create ${calm.name} -n ${calm.namespace} --wait`,
    );
  });

  it('selects a command where a browser has no clipboard for pages', async () => {
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("no"))');
    await page.getByRole('button', { name: 'Copy: back up now, and wait for it' }).click();
    const read = () => page.evaluate('String(getSelection())');
    await expect.poll(read, patience).toMatch(/^kubectl jtel backup create/);
  });

  it('shows its plan when asked', async () => {
    await page.getByRole('button', { name: 'Look' }).click();
    const steps = page.getByRole('region', { name: 'Plan' }).locator('pre');
    await expect.poll(() => steps.innerText(), patience).toContain('2. Apply');
  });

  it('is read again when it changes', async () => {
    server.change({ ...calm, message: 'Something new.' });
    await expect.poll(() => page.locator('.sentence').innerText(), patience).toBe('Something new.');
    await expect.poll(() => page.locator('.conditions').innerText(), patience).toContain('Something new.');
  });

  it('stays in sight when it is gone, and says so', async () => {
    server.remove(calm.key);
    await page.getByText('This stack is gone.').waitFor();
    expect(await page.locator('.conditions li').count()).toBeGreaterThan(3);
  });
});

describe('a connection', () => {
  it('that is lost is told, marks what is shown, and comes back with what was missed', async () => {
    server.goDown();
    await page.locator('.state', { hasText: 'connection lost' }).waitFor();
    await page.locator('.view.stale').waitFor();
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(10);
    server.change({ ...calm, urgency: 0, message: 'Changed meanwhile.' });
    server.comeBack();
    await rowOf('Changed meanwhile.').waitFor();
    await page.locator('.state', { hasText: 'live' }).waitFor();
    expect(await page.locator('.stale').count()).toBe(0);
    expect(await page.getByRole('status').allInnerTexts()).toContain('Connected again.');
  });

  it('whose log-in ended asks to sign in again', async () => {
    server.signOut({ how: 'Link', message: 'Your log-in has ended.' });
    await expect.poll(() => page.getByRole('main').innerText(), patience).toContain('Your log-in has ended.');
    expect(await page.getByRole('main').innerText()).toContain('it prints a new link');
  });

  it('that a cluster lost is told by the server', async () => {
    server.tell({
      contexts: [
        { name: 'production', namespaces: 'All', synced: true, trouble: 'The API does not answer.' },
      ],
    });
    await page.locator('.view.stale').waitFor();
    expect(await page.locator('.notice').innerText()).toBe(
      'Not up to date, production: The API does not answer.',
    );
  });
});

describe('a page that is open while the server gets another version', () => {
  it('begins anew, and shows the same stack', async () => {
    await page.goto(`${server.address}#/stacks/${calm.key}`);
    await page.locator('.conditions li').first().waitFor();
    const before = server.begins;
    await page.evaluate('document.body.id = "the-one-before"');
    server.tell({ page: 'page-0123456789ab.js' });
    await page.locator('body:not(#the-one-before) .conditions li').first().waitFor();
    expect(server.begins).toBe(before + 1);
    expect(address()).toBe(`#/stacks/${calm.key}`);
    expect(await page.getByText('another version').count()).toBe(0);
  });

  it('says so if it is served the old page again, and does not try for ever', async () => {
    const about = { page: 'page-0123456789ab.js' };
    await using mixed = await PageServer.start({ stacks: stacks.slice(0, 3), stores: [], about });
    await using other = await openTab(browser, mixed.address);
    await other.page.getByText('The server has another version than this page.').waitFor();
    mixed.tell({ page: 'page-0123456789ab.js', user: 'joe@example.com' });
    await other.page.locator('.user', { hasText: 'joe@example.com' }).waitFor();
    expect(mixed.begins).toBe(2);
    expect(other.complaints).toEqual([]);
  });
});

it('a link with a token signs in, and the token leaves the address', async () => {
  server.signOut({ how: 'Link', message: 'Who are you?' });
  await using other = await openTab(browser, `${server.address}#token=secret`);
  await drawn(other, 'tbody tr');
  expect(other.page.url()).not.toContain('secret');
  expect(server.tokens).toEqual(['secret']);
});

it('the scheme is that of the system until somebody chooses, and stays chosen', async () => {
  const back = (): Promise<string> =>
    page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
  const light = await back();
  await page.getByRole('button', { name: 'Light or dark as the system' }).click();
  await page.getByRole('button', { name: 'Light', exact: true }).click();
  expect(await back()).not.toBe(light);
  await page.reload();
  await whole(tab);
  await page.getByRole('button', { name: 'Dark', exact: true }).waitFor();
  expect(await back()).not.toBe(light);
});

it('ten thousand stacks can be shown, filtered and scrolled to the last', async () => {
  await using many = await PageServer.start({ stacks: fleetOf(10_000), stores: [] });
  await using other = await openTab(browser, many.address);
  await other.page.getByText('10000 stacks').waitFor();
  await scrollTo(other.page, 1e9);
  await other.page.locator('tr[aria-rowindex="10001"]').waitFor();
  await other.page.getByLabel('Filter stacks').fill('zugspitz-bank-7');
  await expect.poll(() => other.page.locator('tbody tr').count(), patience).toBe(1);
  expect(other.complaints).toEqual([]);
});
