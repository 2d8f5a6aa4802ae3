/** Bad input is refused at apply by a real API server, with a sentence that says where and what to do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCRDs, schemaOf, type Schema } from '../../../crds/crd.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { create, refusal, replace, tryToCreate } from './api.ts';
import { goodObjects, withValue } from './objects.ts';
import type { FieldValues } from './field-values.ts';
import { otherValues } from './other-values.ts';
import { stackValues } from './stack-values.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('crds-rules');
  await installCRDs(cluster.client);
});
afterAll(() => cluster.close());

/** Every reference to another object has the same rule, so the schema gives these lines. */
const referenceValues: FieldValues[] = readCRDs().flatMap((crd) => {
  const kind = crd.spec.names.kind as FieldValues['kind'];
  return rulesOf(schemaOf(crd), '')
    .filter(
      ({ path, message }) => path.startsWith('spec.') && message.startsWith('write the name of an object'),
    )
    .map(({ path }) => ({
      kind,
      path,
      says: 'write the name of an object in the same namespace',
      bad: ['other/name', 'Acme', '-x', 'a b', 'a\nb'],
    }));
});

const values = [...stackValues, ...otherValues, ...referenceValues];
const refusals = values.flatMap((line) => line.bad.map((value) => ({ ...line, value })));
const acceptances = values.flatMap((line) => (line.good ?? []).map((value) => ({ ...line, value })));

describe.each([
  'JtelStack',
  'JtelBackup',
  'JtelRestore',
  'JtelBackupStore',
  'JtelChannel',
  'JtelDrill',
] as const)('%s', (kind) => {
  test('the object that the lines below spoil is good', async () => {
    expect(await refusal(tryToCreate(cluster, goodObjects[kind]))).toBe('');
  });
});

test.each(refusals)('$kind: $path $value is refused: $says', async ({ kind, path, value, says, at }) => {
  const answer = await refusal(tryToCreate(cluster, withValue(spoilable(kind, path), path, value)));
  expect(answer).toContain(says);
  expect(answer).toContain(`${at ?? path}: `);
});

test.each(acceptances)('$kind: $path $value is accepted', async ({ kind, path, value }) => {
  expect(await refusal(tryToCreate(cluster, withValue(spoilable(kind, path), path, value)))).toBe('');
});

const place = { host: (goodObjects.JtelStack['spec'] as { host: object }).host };
const testedBackup = {
  ...goodObjects.JtelBackup,
  spec: { stackRef: { name: 'acme' }, verify: 'Restore', test: place },
};
const testRestore = {
  ...goodObjects.JtelRestore,
  spec: { stackRef: { name: 'acme' }, source: { latestOf: 'acme' }, mode: 'Test', test: place },
};

/** The good object leaves out references that exclude each other. They get a place of their own. */
const importing = withValue(goodObjects.JtelStack, 'spec.initialData', {
  source: 'Import',
  import: {
    database: { address: '192.0.2.7', credentialsSecretRef: { name: 'old' }, schemas: ['jtel'] },
  },
});

function spoilable(kind: FieldValues['kind'], path: string): (typeof goodObjects)[typeof kind] {
  const good = goodObjects[kind];
  if (kind === 'JtelBackup' && (path.startsWith('spec.test') || path === 'spec.verify')) return testedBackup;
  if (kind === 'JtelRestore' && (path.startsWith('spec.test') || path === 'spec.mode')) return testRestore;
  if (path.startsWith('spec.initialData.import.')) return importing;
  return path === 'spec.source.backupRef.name'
    ? withValue(good, 'spec.source', { backupRef: { name: 'x' } })
    : good;
}

test('RecoverFromBackup without a store is refused', async () => {
  const spec = {
    ...(goodObjects.JtelStack['spec'] as object),
    initialData: { source: 'Auto' },
    relocation: { source: 'RecoverFromBackup' },
  };
  const answer = await refusal(
    tryToCreate(cluster, withValue({ ...goodObjects.JtelStack, spec }, 'spec.backup', undefined)),
  );
  expect(answer).toContain('RecoverFromBackup needs spec.backup.storeRef');
});

test('a field that does not exist is refused with its name', async () => {
  await expect(
    tryToCreate(cluster, withValue(goodObjects.JtelStack, 'spec.host.adress', 'x')),
  ).rejects.toThrow('unknown field "spec.host.adress"');
});

test('a backup identity stays as it was once set, but the rest of the backup may change', async () => {
  const stored = await create(cluster, withValue(goodObjects.JtelStack, 'metadata.name', 'identity'));
  for (const [path, value] of [
    ['spec.backup.identity', 'another'],
    ['spec.backup.identity', undefined],
    ['spec.backup', undefined],
  ] as const) {
    const spoiled = withValue(withValue(stored, 'spec.initialData', { source: 'Auto' }), path, value);
    expect(await refusal(replace(cluster, spoiled))).toContain(
      'spec.backup.identity cannot be changed or removed',
    );
  }
  expect(await refusal(replace(cluster, withValue(stored, 'spec.backup.storeRef.name', 'other-store')))).toBe(
    '',
  );
});

test('a stack imports only if it was created for that', async () => {
  const source = { database: { address: '192.0.2.7', credentialsSecretRef: { name: 'old' } } };
  const wanted = { source: 'Import', import: source };
  const stored = await create(cluster, withValue(goodObjects.JtelStack, 'metadata.name', 'not-imported'));
  expect(await refusal(replace(cluster, withValue(stored, 'spec.initialData', wanted)))).toContain(
    'an import never goes into a stack that may have data',
  );
  const other = withValue(goodObjects.JtelStack, 'metadata.name', 'imported');
  const imported = await create(cluster, withValue(other, 'spec.initialData', wanted));
  const corrected = await replace(
    cluster,
    withValue(imported, 'spec.initialData.import.database.port', 3307),
  );
  const vanilla = withValue(corrected, 'spec.initialData', { source: 'Vanilla' });
  expect(await refusal(replace(cluster, vanilla))).toBe('');
});

test('a store changes its endpoint only together with its credentials', async () => {
  const stored = await create(cluster, withValue(goodObjects.JtelBackupStore, 'metadata.name', 'endpoint'));
  const moved = withValue(stored, 'spec.azure.endpoint', 'https://evil.example');
  expect(await refusal(replace(cluster, moved))).toContain('name another Secret in credentialsSecretRef');
  expect(
    await refusal(replace(cluster, withValue(moved, 'spec.azure.credentialsSecretRef.name', 'other'))),
  ).toBe('');
});

test.each([
  ['JtelBackup', 'spec.verify', 'Restore'],
  ['JtelRestore', 'spec.mode', 'Plan'],
] as const)('a %s cannot be changed after it was created', async (kind, path, value) => {
  const stored = await create(cluster, withValue(goodObjects[kind], 'metadata.name', 'unchangeable'));
  expect(await refusal(replace(cluster, withValue(stored, path, value)))).toContain(
    `a ${kind} cannot be changed after it was created`,
  );
});

test.each(['JtelBackup', 'JtelRestore'] as const)('a %s that has ended stays so', async (kind) => {
  const stored = await create(cluster, withValue(goodObjects[kind], 'metadata.name', 'ended'));
  const failed = await replace(
    cluster,
    withValue(stored, 'status', { phase: 'Failed', message: 'first' }),
    'status',
  );
  expect(await refusal(replace(cluster, withValue(failed, 'status.phase', 'Completed'), 'status'))).toContain(
    'stays so',
  );
  expect(
    await refusal(replace(cluster, withValue(failed, 'status.message', 'more about it'), 'status')),
  ).toBe('');
});

/** Rules that only compare with the previous value cannot apply at creation. The tests above cover them. */
const transitions = [
  'cannot be changed',
  'cannot be set later',
  'stays so',
  'together with another endpoint',
];

test('every rule of the CRDs has a line here that it refuses', () => {
  const uncovered = readCRDs().flatMap((crd) => {
    const kind = crd.spec.names.kind;
    const covered = ({ path, message }: Rule): boolean =>
      transitions.some((words) => message.includes(words)) ||
      message.startsWith('relocation.source RecoverFromBackup') ||
      values.some(
        (line) =>
          line.kind === kind && message.includes(line.says) && schemaPath(line.at ?? line.path) === path,
      );
    return rulesOf(schemaOf(crd), '')
      .filter((rule) => !rule.path.startsWith('status') && !covered(rule))
      .map(({ path, message }) => `${kind} ${path}: ${message}`);
  });
  expect(uncovered).toEqual([]);
});

interface Rule {
  readonly path: string;
  readonly message: string;
}

/** The path of a rule as in the schema: without indices, and empty for the root. */
function schemaPath(path: string): string {
  return path === '<nil>' ? '' : path.replaceAll(/\[\d+\]/g, '[0]');
}

/** All rules with their paths. An item of a list counts as `[0]`. */
function rulesOf(schema: Schema, path: string): Rule[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ({ path, message }));
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    rulesOf(child, path === '' ? name : `${path}.${name}`),
  );
  const items = schema.items === undefined ? [] : rulesOf(schema.items, `${path}[0]`);
  return [...own, ...children, ...items];
}
