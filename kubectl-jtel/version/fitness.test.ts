import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repositoryDirectory } from '../../kit/paths.ts';
import type { LeaseFact } from '../operator-lease.ts';
import type { CrdFact, OperatorFact, VersionFacts } from './facts.ts';
import { findingsOf } from './fitness.ts';
import { kinds } from './kinds.ts';

const names = kinds.map(({ crd }) => crd);
const namesBefore02 = kinds.filter(({ since }) => since === undefined).map(({ crd }) => crd);

/** All that a version has; without a version: those before 0.2.0. */
function crds(...versions: readonly (string | undefined)[]): readonly CrdFact[] {
  const all = versions.every((version) => version === undefined) ? namesBefore02 : names;
  return all.map((name, index) => ({ name, version: versions[index % versions.length] }));
}

it('knows every kind there is', async () => {
  const files = (await readdir(join(repositoryDirectory, 'crds'))).filter((name) => name.endsWith('.yaml'));
  const found = await Promise.all(
    files.map(async (name) => parse(await readFile(join(repositoryDirectory, 'crds', name), 'utf8'))),
  );
  const there = found
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .map(({ metadata }) => metadata.name);
  expect(names.toSorted()).toEqual(there.toSorted());
});

function operator(version: string | undefined, others: Partial<OperatorFact> = {}): OperatorFact {
  return { namespace: 's', name: 'o', version, image: 'r/o:x', readyReplicas: 2, replicas: 2, ...others };
}

function facts(
  plugin: string,
  operators: readonly OperatorFact[] | undefined,
  ofCRDs: readonly CrdFact[] | undefined,
  served: readonly string[] = ['v1alpha1'],
  leases: readonly LeaseFact[] | undefined = ofCRDs === undefined ? undefined : [],
): VersionFacts {
  return {
    client: { version: plugin, api: 'jtel.de/v1alpha1', node: '24.0.0' },
    operators,
    leases,
    crds: ofCRDs,
    served,
  };
}

describe('they fit', () => {
  it.each([
    ['all the same', facts('1.2.3', [operator('1.2.3')], crds('1.2.3'))],
    ['a plug-in one minor version ahead', facts('1.3.0', [operator('1.2.9')], crds('1.2.9'))],
    ['a plug-in one minor version behind', facts('1.1.0', [operator('1.2.0')], crds('1.2.0'))],
    ['a version that is being made', facts('0.2.0-dev', [operator('0.2.0-dev')], crds('0.2.0-dev'))],
    ['such a plug-in beside the version before', facts('0.2.0-dev', [operator('0.1.0')], crds(undefined))],
    [
      'such an operator beside the plug-in before',
      facts('0.1.0', [operator('0.2.0-dev')], crds('0.2.0-dev')),
    ],
    ['the release before CRDs had a version', facts('0.2.0', [operator('0.1.0')], crds(undefined))],
    [
      'the version before, to which somebody went back: later kinds stay in the cluster',
      facts(
        '0.2.0',
        [operator('0.1.0')],
        [...crds(undefined), ...crds('0.2.0').filter(({ name }) => !namesBefore02.includes(name))],
      ),
    ],
    [
      'nobody is to run',
      facts('1.2.3', [operator('1.2.3', { replicas: 0, readyReplicas: 0 })], crds('1.2.3')),
    ],
  ])('%s', (_, given) => {
    expect(findingsOf(given)).toEqual([]);
  });
});

describe('they do not', () => {
  it.each([
    ['NotInstalled', facts('1.2.3', [], [], [])],
    ['APINotServed', facts('1.2.3', [operator('1.2.3')], crds('1.2.3'), ['v1'])],
    ['CRDsMissing', facts('1.2.3', [operator('1.2.3')], crds('1.2.3').slice(1))],
    ['CRDsMissing', facts('0.1.0', [operator('0.1.0')], crds(undefined).slice(1))],
    [
      'CRDsMissing',
      facts(
        '0.2.0',
        [operator('0.2.0')],
        crds('0.2.0').filter(({ name }) => namesBefore02.includes(name)),
      ),
    ],
    ['CRDsMixed', facts('1.2.3', [operator('1.2.3')], crds('1.2.3', '1.2.2'))],
    ['CRDsOlder', facts('1.2.3', [operator('1.2.3')], crds('1.2.2'))],
    // Who applies with labels of his own may change that of the version, too.
    ['CRDsOlder', facts('1.2.3', [operator('1.2.3')], crds('production'))],
    ['CRDsOlder', facts('0.3.0', [operator('0.3.0')], crds(undefined))],
    ['CRDsOlder', facts('0.2.0-dev', [operator('0.2.0-dev')], crds(undefined))],
    ['CRDsOlder', facts('0.2.0', [operator('0.2.0')], crds('0.2.0-dev'))],
    ['CRDsNewer', facts('0.2.0-dev', [operator('0.1.0')], crds('0.2.0-dev'))],
    ['PluginNewer', facts('0.3.0-dev', [operator('0.1.0')], crds(undefined))],
    ['CRDsNewer', facts('1.2.3', [operator('1.2.3')], crds('1.3.0'))],
    ['OperatorMissing', facts('1.2.3', [], crds('1.2.3'))],
    ['OperatorNotReady', facts('1.2.3', [operator('1.2.3', { readyReplicas: 0 })], crds('1.2.3'))],
    ['PluginOlder', facts('1.0.9', [operator('1.2.0')], crds('1.2.0'))],
    ['PluginNewer', facts('1.4.0', [operator('1.2.0')], crds('1.2.0'))],
    ['PluginNewer', facts('2.0.0', [operator('1.9.0')], crds('1.9.0'))],
  ])('%s', (reason, given) => {
    expect(findingsOf(given)).toContainEqual(expect.objectContaining({ kind: 'Problem', reason }));
  });

  it('one of two operators', () => {
    const found = findingsOf(
      facts('1.2.3', [operator('1.2.3'), operator('1.0.0', { name: 'p' })], crds('1.2.3')),
    );
    expect(found.map(({ reason }) => reason)).toEqual(['PluginNewer', 'CRDsNewer']);
  });
});

describe('nobody can say', () => {
  it.each([
    ['what rights hide', facts('1.2.3', undefined, undefined), ['NotPermitted', 'NotPermitted']],
    ['of an image by digest alone', facts('1.2.3', [operator(undefined)], crds('1.2.3')), ['VersionUnknown']],
    ['of a version that is none', facts('1.2.3', [operator('dev')], crds('1.2.3')), ['VersionUnknown']],
  ])('%s', (_, given, reasons) => {
    const found = findingsOf(given);
    expect(found.map(({ kind }) => kind)).toEqual(reasons.map(() => 'Unknown'));
    expect(found.map(({ reason }) => reason)).toEqual(reasons);
  });
});

describe('an operator outside the cluster', () => {
  const lease: LeaseFact = {
    namespace: 's',
    name: 'o',
    holder: 'h',
    version: '1.2.3',
    isHeld: true,
    seen: 'h holds the Lease s/o.',
  };
  const found = (
    plugin: string,
    others: Partial<LeaseFact>,
    operators: readonly OperatorFact[] | undefined = [],
  ): readonly string[] =>
    findingsOf(facts(plugin, operators, crds('1.2.3'), undefined, [{ ...lease, ...others }])).map(
      ({ kind, reason }) => `${kind} ${reason}`,
    );

  it('fits by the version that it wrote into its Lease, also for people who may not see Deployments', () => {
    expect(found('1.2.3', {})).toEqual([]);
    expect(found('1.2.3', {}, undefined)).toEqual([]);
    expect(found('1.5.0', {})).toEqual(['Problem PluginNewer']);
  });

  it('is known, but not its version, if it does not write it', () =>
    expect(found('1.2.3', { version: undefined })).toEqual(['Unknown VersionUnknown']));

  it('is missing if nobody renews the Lease, which says since when', () => {
    const missing = findingsOf(
      facts('1.2.3', [], crds('1.2.3'), undefined, [{ ...lease, isHeld: false, seen: 'It was stopped.' }]),
    );
    expect(missing).toMatchObject([{ kind: 'Problem', reason: 'OperatorMissing' }]);
    expect(missing[0]?.message).toContain('It was stopped.');
  });
});
