import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Schema } from '../../crds/crd.ts';
import {
  judgeApiServer,
  judgeFields,
  judgeKinds,
  judgeLease,
  judgeLeases,
  judgeWatched,
  oldestKubernetes,
} from './cluster.ts';

const server = 'https://api.example';
const now = new Date('2026-03-01T03:00:00Z');
const escapes = `v1.34.0 \u001b[2J${'x'.repeat(100_000)}`;

describe('the API server', () => {
  it('has to be as new as the chart says', () =>
    expect(readFileSync(new URL('../../charts/jtel-operator/Chart.yaml', import.meta.url), 'utf8')).toContain(
      `kubeVersion: ">=${oldestKubernetes}-0"`,
    ));

  it.each([
    ['v1.34.0', 'Ok'],
    ['v1.37.2+k3s1', 'Ok'],
    ['v1.33.9', 'Failed'],
    ['', 'Warning'],
    [escapes, 'Ok'],
  ] as const)('of version %.20s is %s', (version, verdict) => {
    const judged = judgeApiServer(version, server);
    expect(judged.verdict).toBe(verdict);
    expect(judged.seen).not.toContain('\u001b');
    expect(judged.seen.length).toBeLessThan(200);
  });
});

describe('the kinds', () => {
  const wanted = ['jtelstacks', 'jtelbackups'];
  it.each([
    [
      'all of them',
      { versions: ['v1alpha1'], plurals: ['jtelbackups', 'jtelstacks', 'jtelstacks/status'] },
      'Ok',
      '',
    ],
    ['none', { versions: [], plurals: [] }, 'Failed', 'no kind of jtel.de'],
    ['another version', { versions: ['v1'], plurals: [] }, 'Failed', 'speaks v1alpha1'],
    ['one too few', { versions: ['v1alpha1'], plurals: ['jtelstacks'] }, 'Failed', 'jtelbackups'],
  ] as const)('with %s: %s', (_, served, verdict, seen) => {
    const judged = judgeKinds(served, 'v1alpha1', wanted);
    expect(judged.verdict).toBe(verdict);
    expect(judged.seen).toContain(seen);
  });
});

describe('the fields of the kinds', () => {
  const own: Schema = {
    properties: {
      metadata: {},
      spec: { properties: { size: {}, hosts: { items: { properties: { port: {} } } } } },
    },
  };
  const judge = (published: unknown) => judgeFields([{ kind: 'JtelStack', own, published }]);
  it('are well if the cluster has all of them, and more', () =>
    expect(
      judge({
        properties: {
          spec: { properties: { size: {}, newer: {}, hosts: { items: { properties: { port: {} } } } } },
        },
      }).verdict,
    ).toBe('Ok'));
  it('that the cluster lacks are named, deep ones too', () => {
    const judged = judge({ properties: { spec: { properties: { hosts: { items: { properties: {} } } } } } });
    expect(judged.verdict).toBe('Failed');
    expect(judged.seen).toContain('JtelStack.spec.size, JtelStack.spec.hosts[].port');
  });
  it.each([null, 'text', { properties: 'text' }, { properties: { spec: { __proto__: null } } }])(
    'of an answer that is none (%j) are missing',
    (answer) => expect(judge(answer).verdict).toBe('Failed'),
  );
  it('that are not published could not be asked', () => expect(judge(undefined).verdict).toBe('Skipped'));
});

describe('the Lease', () => {
  const renewed = (secondsAgo: number) => ({
    holder: 'pod-1',
    renewTime: new Date(now.getTime() - secondsAgo * 1000).toISOString(),
    durationSeconds: 15,
  });
  it.each([
    ['that is renewed', renewed(5), 'Ok'],
    ['that is renewed by a clock that is ahead', renewed(-5), 'Ok'],
    ['that is old', renewed(120), 'Failed'],
    ['that nobody holds', { ...renewed(5), holder: '' }, 'Failed'],
    ['with a time that is none', { ...renewed(5), renewTime: 'soon' }, 'Failed'],
    ['that is not there', undefined, 'Failed'],
  ] as const)('%s is %s', (_, lease, verdict) => {
    const judged = judgeLease(lease, 'jtel-system/jtel-operator', now);
    expect(judged.verdict).toBe(verdict);
    expect(judged.next ?? 'See ').toMatch(/^(Install|Start|See) /);
  });
});

describe('the Leases of shards', () => {
  const held = (holder: string, secondsAgo: number) => ({
    holder,
    renewTime: new Date(now.getTime() - secondsAgo * 1000).toISOString(),
    durationSeconds: 11,
  });
  const named = (...leases: readonly (ReturnType<typeof held> | undefined)[]) =>
    leases.map((lease, shard) => ({ name: `jtel-system/op-${shard}`, lease }));

  it('are well if each is held', () => {
    expect(judgeLeases(named(held('a', 2), held('b', 4), held('a', 1)), now)).toEqual({
      verdict: 'Ok',
      seen: '2 replicas hold the 3 Leases of jtel-system/op-0, the oldest renewed 4 s ago.',
    });
    expect(judgeLeases(named(held('a', 2), held('a', 1)), now).seen).toMatch(/^1 replica holds the 2 /);
  });

  it.each([
    ['not there', undefined],
    ['old', held('b', 300)],
    ['given up', held('', 300)],
  ])('tell one that is %s by its name, while the others work', (_, lease) => {
    const judged = judgeLeases(named(held('a', 2), held('b', 4), lease, held('a', 2)), now);
    expect(judged).toMatchObject({
      verdict: 'Failed',
      seen: 'Nobody holds the Lease jtel-system/op-2, so nobody looks after its part of the stacks.',
    });
    expect(judged.next).toMatch(/^See /);
  });

  it('are told together, that of the whole operator first', () => {
    const { seen } = judgeLeases(named(held('', 2), undefined, held('a', 2), undefined), now);
    expect(seen).toBe(
      'Nobody holds the Lease jtel-system/op-0: the operator was stopped. Not held, either: jtel-system/op-1, jtel-system/op-3.',
    );
  });
});

describe('the operator', () => {
  it('that looks after others only is told', () =>
    expect(judgeWatched(['jtel-system', 'other'], ['acme'])).toMatchObject({
      verdict: 'Failed',
      seen: 'The operator looks after jtel-system, other only, not after acme.',
    }));
  it.each([['All'], [['acme', 'other']], [undefined]] as const)(
    'that looks after %j may look after this one',
    (watched) => expect(judgeWatched(watched, ['acme'])).toBeUndefined(),
  );
});
