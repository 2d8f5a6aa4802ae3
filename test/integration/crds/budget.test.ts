/**
 * The API server gives the CEL rules of one object a budget, and refuses an object whose rules cost more. A
 * stack that fills every list must still fit: what is refused must be wrong, not big.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { create, refusal, replace, tryToCreate } from './api.ts';
import { goodObjects, withValue } from './objects.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('crds-budget');
  await installCRDs(cluster.client);
});
afterAll(() => cluster.close());

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const label = (index: number): string => `${'a'.repeat(50)}${index}`;
const longName = (index: number): string => many(4, () => label(index)).join('.');
const network = (index: number): string =>
  `2001:db8:ffff:ffff:ffff:ffff:ffff:${index.toString(16).padStart(4, '0')}/128`;

/**
 * Every list is full and every string long. The values of variables are just small enough for etcd (1.5 MB).
 */
const biggest = [
  ['metadata.name', 'a'.repeat(40)],
  ['spec.host.hostKeyFingerprints', many(8, (index) => `SHA256:${'A'.repeat(42)}${index}`)],
  [
    'spec.host.dns.hosts',
    many(64, (index) => ({ ip: network(index).slice(0, -4), names: many(8, longName) })),
  ],
  ['spec.network.aliases', many(16, longName)],
  ['spec.network.allow.admin', many(64, network)],
  ['spec.network.allow.web', many(128, network)],
  ['spec.network.allow.sip', many(128, (index) => ({ name: label(index), cidr: network(index) }))],
  [
    'spec.components',
    many(32, (index) => ({
      name: `${'a'.repeat(38)}${index}`,
      replicas: 16,
      resources: { cpu: '999999m', memory: '9999999Mi' },
      env: many(64, (variable) => ({ name: `${'A'.repeat(60)}${variable}`, value: 'x'.repeat(500) })),
    })),
  ],
  [
    'spec.update.windows',
    many(14, () => ({
      days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
      start: '00:00',
      durationMinutes: 1440,
    })),
  ],
].reduce((object, [path, value]) => withValue(object, String(path), value), goodObjects.JtelStack);

test('a stack with every list full is accepted', async () => {
  expect(await refusal(tryToCreate(cluster, biggest))).toBe('');
});

test('it is still checked: one wrong value at the end of a full list is refused', async () => {
  const answer = await refusal(
    tryToCreate(cluster, withValue(biggest, 'spec.components[31].env[63].value', 'a\nb')),
  );
  expect(answer).toContain('spec.components[31].env[63].value: Invalid value');
});

test('it can be changed', async () => {
  const stored = await create(cluster, biggest);
  expect(await refusal(replace(cluster, withValue(stored, 'spec.version', '3.43.3')))).toBe('');
});

test.each([
  ['spec.components', many(33, (index) => ({ name: `a${index}` }))],
  ['spec.network.allow.web', many(129, network)],
  ['spec.host.dns.nameservers', many(4, (index) => `10.0.0.${index}`)],
])('a list that is longer than %s may be is refused', async (path, value) => {
  expect(await refusal(tryToCreate(cluster, withValue(goodObjects.JtelStack, path, value)))).toContain(
    'Too many',
  );
});
