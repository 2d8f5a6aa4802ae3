/** An example that the API server would refuse is worse than none. The integration tests check CEL rules. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { problemsOf, type Manifest } from '../test/support/validate-spec.ts';
import { readCRDs, schemaOf, type Schema } from './crd.ts';

const examplesFolder = fileURLToPath(new URL('../examples', import.meta.url));
// Those of a repository are whole only when they are built (test/integration/crds/customer-repo.test.ts).
const files = globSync('**/*.yaml', { cwd: examplesFolder })
  .filter((file) => !file.startsWith('customer-repo/'))
  .toSorted();

function manifests(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(`${examplesFolder}/${file}`, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join(', ')}`);
    return document.toJS() as Manifest;
  });
}

test('there are examples for the quick start, the least, the most and on-premises', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'full-stack.yaml',
      'minimal-stack.yaml',
      'on-premises-jump-host.yaml',
      'quickstart/4-stack.yaml',
    ]),
  );
});

test.each(files)('%s fits the schema of its kinds', (file) => {
  const builtIn = new Set(['Namespace', 'Secret', 'ServiceAccount', 'RoleBinding', 'CronJob']);
  const ours = manifests(file).filter(({ kind }) => !builtIn.has(kind));
  const problems = ours.flatMap(problemsOf);
  expect(problems).toEqual([]);
});

test('full-stack.yaml shows every field of a stack and of a store', () => {
  const shown = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    if (path !== '') shown.add(path);
    if (Array.isArray(value)) for (const item of value) walk(item, `${path}[]`);
    else if (typeof value === 'object' && value !== null)
      for (const [name, child] of Object.entries(value)) walk(child, `${path}.${name}`);
  };
  // What excludes spec.version or a backup to begin with has an example of its own.
  for (const file of ['full-stack.yaml', 'channel/2-stack.yaml', 'import/2-stack.yaml'])
    for (const { kind, spec } of manifests(file)) walk(spec, kind);
  const missing = readCRDs()
    .filter(({ spec }) => ['JtelStack', 'JtelBackupStore'].includes(spec.names.kind))
    .flatMap((crd) => fieldsOf(schemaOf(crd).properties?.['spec'] ?? {}, crd.spec.names.kind))
    .filter((path) => !shown.has(path));
  expect(missing).toEqual([]);
});

function fieldsOf(schema: Schema, path: string): string[] {
  if (schema.items !== undefined) return fieldsOf(schema.items, `${path}[]`);
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
    `${path}.${name}`,
    ...fieldsOf(child, `${path}.${name}`),
  ]);
}

test('what must be filled in is marked in the quick start', () => {
  const marked = files
    .filter((file) => file.startsWith('quickstart/'))
    .map((file) => readFileSync(`${examplesFolder}/${file}`, 'utf8').split('FILL IN').length - 1);
  expect(marked.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(6);
});
