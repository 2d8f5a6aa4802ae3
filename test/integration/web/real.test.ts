/**
 * The page as people meet it: a real API server, `kubectl jtel web`, and a real browser that opens the link which the command
 * prints. What the page does with rows of its own is in the other tests.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stackKind } from '../../../crds/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubectlJtel } from '../../support/plugin.ts';
import { changeStack, storeStack } from '../../support/stored-stacks.ts';
import { openTab } from '../../support/web/browsing.ts';
import { startChromium } from '../../support/web/chromium.ts';

let cluster: TestCluster;
let browser: Browser;
beforeAll(async () => {
  cluster = await openCluster('page');
  await installCRDs(cluster.client);
  await storeStack(cluster.client, cluster.namespace, { name: 'main' });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await cluster.close();
});

it('kubectl jtel web opens a page that follows the cluster, until the command ends', async () => {
  const stop = new AbortController();
  const printed = Promise.withResolvers<string>();
  const running = kubectlJtel(['web', '--no-open', '-n', cluster.namespace], {
    kubeconfig: cluster.kubeconfig,
    signal: stop.signal,
    onOutput: (text) => {
      if (text.includes('\n')) printed.resolve(text.trim());
    },
  });
  const link = await Promise.race([
    printed.promise,
    running.then(({ err }) => Promise.reject(new Error(`it ended: ${err}`))),
  ]);
  await using tab = await openTab(browser, link);
  const { page, complaints } = tab;
  const row = page.locator('tbody tr', { hasText: `${cluster.namespace}/main` });
  await row.waitFor();
  expect(page.url()).not.toContain('token');

  const stack = await cluster.client.get(stackKind, { namespace: cluster.namespace, name: 'main' }, call());
  await changeStack(cluster.client, stack, {}, { phase: 'Degraded', message: 'The disk is full.' });
  await row.getByText('The disk is full.').waitFor();
  expect(await row.getByRole('img', { name: 'in trouble' }).count()).toBe(1);

  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Commands' }).waitFor();
  expect(await page.getByRole('region', { name: 'Commands' }).innerText()).toContain(
    'kubectl jtel status main',
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  expect(complaints).toEqual([]);

  stop.abort(new Error('SIGINT received'));
  expect((await running).code).toBe(0);
  await page.locator('.view.stale').waitFor();
});
