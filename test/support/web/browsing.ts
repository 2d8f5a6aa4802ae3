/** A tab with the page in it, which remembers everything that the browser complained about. */
import type { Browser, BrowserContext, Page } from 'playwright-core';

export interface Look {
  readonly width: number;
  /** Pixels; by default those of a usual screen of that width. */
  readonly height?: number;
  readonly scheme: 'light' | 'dark';
}

export interface Tab extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, refusals of the content security policy, and whatever else was written to the console. */
  readonly complaints: readonly string[];
}

const heights: Readonly<Record<number, number>> = { 360: 740 };

/** @param address with what is shown, after the `#` */
export async function openTab(
  browser: Browser,
  address: string,
  { width, height = heights[width] ?? 900, scheme }: Look = { width: 1440, scheme: 'light' },
): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  await page.goto(address);
  return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** @throws Error with what the page shows instead, and what the browser complained about */
export async function drawn(
  { page, complaints }: Pick<Tab, 'page' | 'complaints'>,
  selector: string,
): Promise<void> {
  try {
    await page.waitForSelector(selector);
  } catch (cause) {
    const shown = await page
      .locator('body')
      .innerText({ timeout: 1000 })
      .catch((error: unknown) => String(error));
    const told = JSON.stringify({ address: page.url(), shown: shown.slice(0, 500), complaints });
    throw new Error(`${selector} was not drawn: ${told}`, { cause });
  }
}

/** Runs in the page, where the names of a browser are known. */
const wideElements = `
  [document.documentElement, ...document.querySelectorAll('*')]
    .filter((one) => one.scrollWidth > one.clientWidth)
    .filter((one) => one === document.documentElement || /auto|scroll/.test(getComputedStyle(one).overflowX))
    .map((one) => one.tagName + ' ' + one.className + ': ' + one.scrollWidth + ' of ' + one.clientWidth)
`;

/** What reaches beyond the right edge, so that one would have to scroll sideways. */
export async function beyondTheEdge(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(wideElements);
}
