/** The harness that measures fleets, with a small one: each of its figures is there. It asserts no time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomBytes } from 'node:crypto';
import { FleetBench } from '../../../bench/fleet/fleet.ts';
import { fleetOf } from '../../../bench/fleet/tenants.ts';
import { openCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { testKubeconfig } from '../../support/kubeconfig.ts';

const fleet = fleetOf(`fleet-${randomBytes(4).toString('hex')}`, 2, 2);
let bench: FleetBench;

beforeAll(async () => {
  const cluster = await openCluster('fleet');
  await installCRDs(cluster.client);
  await cluster.close();
  bench = await FleetBench.open({ kubeconfig: await testKubeconfig(), fleet, shared: true });
  await bench.install();
});

afterAll(async () => {
  await bench.close();
});

test('an operator that starts again looks at all hosts, and what that took is told', async () => {
  const figures = await bench.coldStart();
  expect(Object.values(figures).every(Number.isFinite)).toBe(true);
  expect(figures['seconds']).toBeGreaterThan(0);
  expect(figures['callsEach']).toBeGreaterThan(0);
  expect(figures['residentMB']).toBeGreaterThan(figures['heapMB'] ?? Infinity);
});

test('each change of a stack leads to a call of its host', async () => {
  const { p50, p99 } = await bench.firstByte({ resyncSeconds: 300, changes: fleet.stacks.length });
  expect(p50).toBeGreaterThan(0);
  expect(p99).toBeGreaterThanOrEqual(p50 ?? Infinity);
});
