/**
 * The oldest Kubernetes that accepts our CRDs and admission policies is the one that we name. CEL gains
 * functions with each version. An API server also refuses a rule that it estimates to be too expensive, and
 * older ones estimate badly.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { pinnedVersion } from '../../../sandbox/kubernetes/kubernetes.ts';
import { judgeRules, minorsOfRules, prepareRules } from '../../support/judges.ts';
import { withValue, type Manifest } from './objects.ts';

beforeAll(prepareRules);

const withRules = new Set(['CustomResourceDefinition', 'ValidatingAdmissionPolicy']);
const manifests = globSync('{crds,deploy}/**/*.yaml', { cwd: repositoryDirectory })
  .flatMap((file) => parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest))
  .filter((document) => withRules.has(document?.kind));

function read(file: string): string {
  return readFileSync(join(repositoryDirectory, file), 'utf8');
}

const { oldest, newest } = await minorsOfRules();
const minors = Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index);

async function refused(minor: number, given: readonly Manifest[]): Promise<readonly string[]> {
  const answers = await judgeRules(minor, given);
  return answers.flatMap(({ name, errors }) => errors.map((error) => `${name}: ${error}`));
}

test('every manifest with rules is looked at', () => {
  expect([...new Set(manifests.map(({ metadata }) => metadata.name))].toSorted()).toEqual([
    'jtel-operator-bounds',
    'jtel-operator-bounds-cron-jobs',
    'jtel-operator-bounds-secrets',
    'jtel-operator-bounds-specs',
    'jtel-test-host',
    'jtelbackups.jtel.de',
    'jtelbackupstores.jtel.de',
    'jtelchannels.jtel.de',
    'jteldrills.jtel.de',
    'jtelrestores.jtel.de',
    'jtelstacks.jtel.de',
  ]);
});

test.each(minors)('Kubernetes 1.%i takes every rule', async (minor) => {
  expect(await refused(minor, manifests)).toEqual([]);
});

const stacks = manifests.find(({ metadata }) => metadata.name === 'jtelstacks.jtel.de') as Manifest;
const host = 'spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.host.properties';

test.each([
  ['a function that came later', `${host}.address`, "self.split('.').includes('x')", 'undeclared reference'],
  ['what it cannot estimate', `${host}.jumpHost.properties.address`, 'self.matches(self)', 'exceeds budget'],
])('the oldest one refuses %s', async (_, path, rule, says) => {
  const changed = withValue(stacks, `${path}.x-kubernetes-validations`, [{ rule, message: 'no' }]);
  const unbounded = withValue(changed, `${path}.maxLength`, undefined);
  expect((await refused(oldest, [unbounded])).join('\n')).toContain(says);
});

test('README, installation page, chart and the sandbox speak of the same versions', async () => {
  expect(read('README.md')).toContain(`Kubernetes ≥ 1.${oldest};`);
  expect(read('docs/install.md')).toContain(`Kubernetes 1.${oldest} or later`);
  expect(read('charts/jtel-operator/Chart.yaml')).toContain(`kubeVersion: ">=1.${oldest}.0-0"`);
  expect(await pinnedVersion()).toContain(`v1.${newest}.`);
});
