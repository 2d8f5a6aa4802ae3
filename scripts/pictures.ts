/**
 * Makes the pictures of the docs anew: the page with a made-up fleet, in Debian's Chromium. Nobody compares them byte by byte,
 * because letters differ between machines.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../kit/paths.ts';
import { openTab, type Look } from '../test/support/web/browsing.ts';
import { startChromium } from '../test/support/web/chromium.ts';
import { detailOf, plan } from '../test/support/web/detail.ts';
import { fleetOf, stackAt, storesOf } from '../test/support/web/fleet.ts';
import { PageServer } from '../test/support/web/page-server.ts';

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly look: Look;
}

const wide = { width: 1280, height: 720 };
const phone = { width: 360, height: 640 };
const directory = join(repositoryDirectory, 'docs/pictures');

export async function makePictures(): Promise<void> {
  await mkdir(directory, { recursive: true });
  const ill = stackAt(42, Date.now());
  const pictures: readonly Picture[] = [
    { name: 'stacks-light', hash: '#/stacks', look: { ...wide, scheme: 'light' } },
    { name: 'stacks-dark', hash: '#/stacks', look: { ...wide, scheme: 'dark' } },
    { name: 'stack', hash: `#/stacks/${ill.key}`, look: { ...wide, scheme: 'light' } },
    { name: 'stores', hash: '#/stores', look: { ...wide, scheme: 'light' } },
    { name: 'phone', hash: '#/stacks', look: { ...phone, scheme: 'light' } },
  ];
  await using server = await PageServer.start({
    stacks: fleetOf(1000),
    stores: storesOf(60),
    detail: (row) => detailOf(row),
    plan,
  });
  const browser = await startChromium();
  try {
    for (const { name, hash, look } of pictures) {
      await using tab = await openTab(browser, `${server.address}${hash}`, look);
      await tab.page.waitForSelector('tbody tr');
      await tab.page.screenshot({ path: join(directory, `${name}.png`) });
      process.stdout.write(`docs/pictures/${name}.png\n`);
    }
  } finally {
    await browser.close();
  }
}

if (import.meta.main) await makePictures();
