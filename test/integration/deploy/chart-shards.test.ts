/** What the chart gives replicas that share the stacks. Only rendered: no cluster is needed. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { mostShards, shardLease } from '../../../crds/index.ts';
import { waitingLease } from '../../../operator/shards/share.ts';
import { lineProgress } from '../../../sandbox/index.ts';
import { ensureHelm } from '../../../sandbox/helm/helm.ts';
import { chart } from '../../../scripts/manifests.ts';

const settings = [
  `toolbox.image=registry.example.com/jtel/toolbox@sha256:${'a'.repeat(64)}`,
  'releases.allowUnsigned=true',
];
const name = 'jtel-operator';

async function rendered(
  shards: number,
  replicas = 2,
): Promise<{ readonly leases: unknown; readonly args: unknown }> {
  const helm = await ensureHelm(lineProgress());
  const given = [...settings, `shards=${shards}`, `replicas=${replicas}`].flatMap((setting) => [
    '--set',
    setting,
  ]);
  const text = await helm(['template', name, join(repositoryDirectory, chart), ...given]);
  const objects = parseAllDocuments(text, { merge: true });
  const of = (kind: string, suffix: string): (typeof objects)[number] | undefined =>
    objects.find((one) => one.get('kind') === kind && one.getIn(['metadata', 'name']) === `${name}${suffix}`);
  const path = ['spec', 'template', 'spec', 'containers', 0, 'args'];
  return {
    leases: of('Role', '-leader-election')?.toJS()?.rules,
    args: (of('Deployment', '')?.getIn(path) as { toJSON(): unknown } | undefined)?.toJSON(),
  };
}

const create = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] };

test('rights to each Lease that they know, and Leases short enough', async () => {
  const { leases, args } = await rendered(4);
  const resourceNames = [...[0, 1, 2, 3].map((shard) => shardLease(name, shard)), waitingLease(name)];
  expect(leases).toEqual([create, { ...create, resourceNames, verbs: ['get', 'update'] }]);
  expect(args).toEqual(
    expect.arrayContaining([`--lease-name=${name}`, '--shards=4', '--lease-duration-seconds=11']),
  );
});

test('nothing of that if they do not share', async () => {
  const { leases, args } = await rendered(1);
  expect(leases).toEqual([create, { ...create, resourceNames: [name], verbs: ['get', 'update'] }]);
  expect(args).not.toEqual(expect.arrayContaining([expect.stringMatching(/--shards|--lease-duration/)]));
});

test('no more than there are Leases for', async () => {
  await expect(rendered(mostShards + 1)).rejects.toThrow('/shards');
});

test('a shard for each replica, unless only one works', async () => {
  await expect(rendered(2, 3)).rejects.toThrow('shards is less than replicas');
  await expect(rendered(1, 3)).resolves.toBeDefined();
});
