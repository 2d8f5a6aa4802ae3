/** What a real operator process gives at /metrics, as Prometheus' own checker and a restart see it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { monitoringImage } from '../../../sandbox/monitoring.ts';
import { metricFamilies } from '../../../monitoring/metrics-page.ts';
import { waitFor } from '../../support/wait.ts';
import { Customer } from './objects.ts';
import { Watched, type WatchedOperator } from './watched.ts';

let watched: Watched;
let standby: WatchedOperator;

beforeAll(async () => {
  watched = await Watched.open('monitoring-metrics');
  await watched.startLeader();
  await Customer.wellIn(watched, 'acme');
  standby = await watched.startStandby();
});
afterAll(() => watched?.close());

it('has nothing that promtool has to say something about', async () => {
  const metrics = await standby.metrics();
  const promtool = ['run', '--rm', '-i', '--network', 'none', monitoringImage, 'promtool'];
  const { code, stdout, stderr } = await watched.sandbox.docker.tryRun([...promtool, 'check', 'metrics'], {
    input: metrics,
  });
  expect(`${stdout}${stderr}`.trim()).toBe('');
  expect(code).toBe(0);
});

it('is what docs/metrics.md lists, and nothing else', async () => {
  const told = [...(await standby.metrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  expect(told.toSorted()).toEqual(metricFamilies.map(({ name, type }) => `${name} ${type}`).toSorted());
});

it('is the same after a restart, as long as it is about stacks and stores', async () => {
  const business = async (operator: WatchedOperator): Promise<readonly string[]> =>
    (await operator.metrics())
      .split('\n')
      .filter((line) => /^jtel_(stack|store)_/.test(line))
      .toSorted();
  const before = await business(standby);
  expect(before.length).toBeGreaterThan(40);
  await standby.stop();
  standby = await watched.startStandby();
  // Each kind has a cache of its own.
  await waitFor('as many lines', async () => (await business(standby)).length >= before.length);
  expect(await business(standby)).toEqual(before);
});
