import { describe, expect, it } from 'vitest';
import { aStack } from '../../controllers/stack/testing.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import type { ResourceKind } from '../../runtime/kind.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { applicationKind, kustomizationKind, ownerCommit } from './owner.ts';

const { signal } = new AbortController();
const [commit, newer] = ['8f3a9c1d2e7b4a5c6d7e8f901234567890abcdef', '1'.repeat(40)];

/** What is told of a stack that the object applied. */
async function told<T extends KubernetesObject & { readonly status?: object }>(
  kind: ResourceKind<T>,
  [namespace, name]: readonly [string, string],
  status: object,
  metadata: Parameters<typeof aStack>[1],
): Promise<string | undefined> {
  const cluster = new MemoryCluster();
  await cluster.create(kind, { metadata: { namespace, name } } as unknown as T, { signal });
  await cluster.applyStatus(kind, { namespace, name }, status as NonNullable<T['status']>, {}, { signal });
  return await ownerCommit(cluster, aStack({}, metadata), { signal });
}

const ofFlux = {
  labels: {
    'kustomize.toolkit.fluxcd.io/name': 'customers',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
  },
};
const ofArgo = { annotations: { 'argocd.argoproj.io/tracking-id': 'customers:jtel.de/JtelStack:acme/main' } };
const ready = (reason: string) => [{ type: 'Ready', status: 'True', reason }];

describe('the commit of a stack', () => {
  it.each([
    ['ReconciliationSucceeded', commit],
    ['HealthCheckFailed', newer],
    ['HealthCheckCanceled', newer],
    ['PruneFailed', newer],
    ['Progressing', newer],
    ['BuildFailed', commit],
  ])('that Flux applied is that which it applied, with %s', async (reason, expected) => {
    const [lastAppliedRevision, lastAttemptedRevision] = [`main@sha1:${commit}`, `main@sha1:${newer}`];
    const status = { lastAppliedRevision, lastAttemptedRevision, conditions: ready(reason) };
    expect(await told(kustomizationKind, ['flux-system', 'customers'], status, ofFlux)).toBe(expected);
  });

  it('that Flux applied, but found unhealthy, stays so when a later one is refused', async () => {
    const of = (revision: string, lastReconciledStatus: string) => ({
      lastReconciledStatus,
      metadata: { revision: `main@sha1:${revision}` },
    });
    const refused = '2'.repeat(40);
    const status = {
      lastAppliedRevision: `main@sha1:${commit}`,
      lastAttemptedRevision: `main@sha1:${refused}`,
      conditions: ready('ReconciliationFailed'),
      history: [
        of(refused, 'ReconciliationFailed'),
        of(newer, 'HealthCheckFailed'),
        of(commit, 'ReconciliationSucceeded'),
      ],
    };
    expect(await told(kustomizationKind, ['flux-system', 'customers'], status, ofFlux)).toBe(newer);
  });

  it.each([
    ['Succeeded', commit],
    ['Failed', commit],
    ['Running', newer],
  ])(
    'that Argo CD applied is that of its last sync, or of the one that goes on: %s',
    async (phase, expected) => {
      const operationState = { phase, syncResult: { revision: newer } };
      const status = { history: [{ revision: '0'.repeat(40) }, { revision: commit }], operationState };
      expect(await told(applicationKind, ['argocd', 'customers'], status, ofArgo)).toBe(expected);
    },
  );

  it('is asked of an Application in a namespace of its own, and of the one that a label names', async () => {
    const status = { history: [{ revision: commit }] };
    const tracked = { 'argocd.argoproj.io/tracking-id': 'team-a_customers:jtel.de/JtelStack:acme/main' };
    expect(await told(applicationKind, ['team-a', 'customers'], status, { annotations: tracked })).toBe(
      commit,
    );
    const labels = { 'argocd.argoproj.io/instance': 'customers' };
    expect(await told(applicationKind, ['argocd', 'customers'], status, { labels })).toBe(commit);
  });

  it('is not known if nobody owns it, the owner is gone, or the caller may not ask', async () => {
    expect(await told(kustomizationKind, ['flux-system', 'customers'], {}, {})).toBeUndefined();
    expect(await told(kustomizationKind, ['flux-system', 'other'], {}, ofFlux)).toBeUndefined();
    const refusing = { find: () => Promise.reject(new ApiError(403, 'Forbidden', 'no')) };
    expect(await ownerCommit(refusing, aStack({}, ofFlux), { signal })).toBeUndefined();
  });
});
