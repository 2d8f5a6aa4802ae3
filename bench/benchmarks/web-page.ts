/**
 * How quick the page is in a real browser, with a server in this process: until its rows are painted, until a filter is, and until
 * a change is. Ten thousand stacks are measured beside the thousand that the goals are for.
 */
import type { Browser, Page } from 'playwright-core';
import { openTab, type Tab } from '../../test/support/web/browsing.ts';
import { startChromium } from '../../test/support/web/chromium.ts';
import { fleetOf, storesOf } from '../../test/support/web/fleet.ts';
import { PageServer } from '../../test/support/web/page-server.ts';
import type { Benchmark, BenchmarkContext, Trial } from '../benchmark.ts';

interface Question {
  readonly name: string;
  readonly goal: string;
  readonly limit: number;
  /** @returns milliseconds */
  readonly measure: (browser: Browser, server: PageServer, tab: Tab) => Promise<number>;
}

/** Notes when the first row was painted: two frames after it was there, the first of them has been shown. */
const watchRows = `
  new MutationObserver((_, observer) => {
    if (document.querySelector('tbody tr') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.rowsPainted = performance.now(); }));
  }).observe(document, { childList: true, subtree: true });
`;

async function paint(browser: Browser, server: PageServer): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(watchRows);
    await page.goto(server.address);
    return await settled(page, 'window.rowsPainted');
  } finally {
    await context.close();
  }
}

let typed = 0;

/** From the key to the frame that shows what is left. */
async function filter(_: Browser, __: PageServer, { page }: Tab): Promise<number> {
  const words = ['rhein', 'bank', 'updating', '3.43.1 gold', 'zugspitz-versand'];
  const word = words[(typed += 1) % words.length] ?? '';
  return await page.evaluate<number>(`(async () => {
    const search = document.querySelector('#search');
    const begin = performance.now();
    search.value = ${JSON.stringify(word)};
    search.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - begin;
  })()`);
}

/** From the server's event to the row; the server itself gathers changes for 250 ms before. */
async function change(_: Browser, server: PageServer, { page }: Tab): Promise<number> {
  const [row] = fleetOf(1);
  if (row === undefined) throw new Error('a fleet of one has one stack');
  const message = `Changed for the ${(typed += 1)}th time.`;
  await page.getByLabel('Filter stacks').fill('');
  const begin = performance.now();
  server.change({ ...row, urgency: 0, message });
  await page.getByText(message, { exact: true }).waitFor();
  return performance.now() - begin;
}

async function settled(page: Page, expression: string): Promise<number> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    const value = await page.evaluate<number | undefined>(expression);
    if (value !== undefined) return value;
  }
  throw new Error('no row was painted in 30 s');
}

function benchmark({ name, goal, limit, measure }: Question): Benchmark {
  return {
    name,
    unit: 'ms',
    runs: 7,
    goal,
    prepare: async (context: BenchmarkContext): Promise<Trial> => {
      const browser = await startChromium();
      context.atEnd(() => browser.close());
      const contender = async (count: number) => {
        const server = await PageServer.start({ stacks: fleetOf(count), stores: storesOf(count) });
        context.atEnd(() => server[Symbol.asyncDispose]());
        const tab = await openTab(browser, server.address);
        await tab.page.getByText(`${count} stacks`).waitFor();
        return { name: `${count} stacks`, run: () => measure(browser, server, tab) };
      };
      return {
        product: await contender(1000),
        peers: [await contender(10_000)],
        judge: ({ median }) => ({
          met: median < limit,
          because: `median ${median.toFixed(0)} ms, limit ${limit} ms`,
        }),
      };
    },
  };
}

export const webPaint = benchmark({
  name: 'web.paint',
  goal: '1,000 stacks: rows painted in less than 0.5 s',
  limit: 500,
  measure: paint,
});
export const webFilter = benchmark({
  name: 'web.filter',
  goal: '1,000 stacks: a filter shows in less than 50 ms',
  limit: 50,
  measure: filter,
});
export const webChange = benchmark({
  name: 'web.change',
  goal: '1,000 stacks: a change shows in less than 1 s, 250 ms of which are the server’s',
  limit: 750,
  measure: change,
});
