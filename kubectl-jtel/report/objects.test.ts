import { describe, expect, it } from 'vitest';
import { stackKind, type ResourceKind } from '../../crds/index.ts';
import type { CallOptions, ListQuery } from '../../runtime/client/cluster.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import type { KubernetesObject, ObjectKey } from '../../runtime/objects.ts';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { aStack } from '../view/testing.ts';
import { Collection, type Missing } from './collection.ts';
import { collectSecrets } from './objects.ts';

const options: CallOptions = { signal: new AbortController().signal };

/** Of somebody who may read Secrets only by name. */
class ByNameOnly extends MemoryCluster {
  override list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    query: ListQuery,
    call: CallOptions,
  ): Promise<readonly T[]> {
    return kind.plural === secrets.plural
      ? Promise.reject(new Error('forbidden'))
      : super.list(kind, query, call);
  }
}

async function create(
  cluster: MemoryCluster,
  values: Readonly<Record<string, string>>,
  type = 'Opaque',
): Promise<MemoryCluster> {
  for (const [name, value] of Object.entries(values)) {
    const data = { value: Buffer.from(value).toString('base64') };
    await cluster.create(secrets, { metadata: { namespace: 'acme', name }, type, data }, options);
  }
  return cluster;
}

async function collected(
  cluster: MemoryCluster,
): Promise<{ said: string; redact: (text: string) => string; missing: readonly Missing[] }> {
  const registry = new SecretRegistry({ namespaceLimit: Infinity });
  const collection = new Collection({ ...options, secrets: registry, progress: () => undefined });
  const said = await collectSecrets({ cluster }, { namespace: 'acme' }, registry, collection);
  return { said, redact: (text) => registry.redact(text), missing: collection.missing };
}

/** Of 900,000 characters, without repetitions. */
function largeText(seed: number): string {
  return Array.from({ length: 150_000 }, (_, index) => String(seed * 200_000 + index)).join('');
}

describe('the values of Secrets in a report', () => {
  it('are all masked, however large others are', async () => {
    const large = Object.fromEntries([1, 2, 3].map((one) => [`z${one}`, largeText(one)]));
    const cluster = await create(new MemoryCluster(), { small: 'correct-horse', ...large });
    const { said, redact } = await collected(cluster);
    expect(redact(['correct-horse', ...Object.values(large)].join(' '))).toBe(
      '[redacted] [redacted] [redacted] [redacted]',
    );
    expect(said).toBe(
      'Values of the Secrets of namespace acme are masked as [redacted]; no others are known.',
    );
  });

  it('are not looked for if they are records of Helm', async () => {
    const cluster = await create(new MemoryCluster(), { r: 'H4sIAAAAAAAA' }, 'helm.sh/release.v1');
    expect((await collected(cluster)).redact('H4sIAAAAAAAA')).toBe('H4sIAAAAAAAA');
  });

  it('are known only of some if Secrets cannot be listed, which is said', async () => {
    const cluster = await create(new ByNameOnly(), {
      other: 'strange-mare',
      'main-credentials': 'known-horse',
    });
    const stack = aStack('main');
    const metadata = { ...stack.metadata, namespace: 'acme' };
    await cluster.create(stackKind, { ...stack, metadata }, options);
    const { said, redact } = await collected(cluster);
    expect(redact('known-horse, strange-mare')).toBe('[redacted], strange-mare');
    expect(said).toBe('Secrets could not be listed: only values of 1 that were read by name are masked.');
  });

  it.each([
    ['one that may not be read', 0, /^1 could not be read: hidden \(not allowed\)$/],
    ['more than are asked for', 100, /^2 more than 100 names were not asked for$/],
  ])('are known of those that were read by name, beside %s, which is said', async (_, others, expected) => {
    class WithOneHidden extends ByNameOnly {
      override find<T extends KubernetesObject>(
        kind: ResourceKind<T>,
        key: ObjectKey,
        call: CallOptions,
      ): Promise<T | undefined> {
        return key.name === 'hidden' ? Promise.reject(new Error('not allowed')) : super.find(kind, key, call);
      }
    }
    const cluster = await create(new WithOneHidden(), {
      hidden: 'strange-mare',
      'main-credentials': 'known-horse',
    });
    for (const name of ['main', ...Array.from({ length: others }, (__, index) => `z${index}`)]) {
      const stack = aStack(name);
      const host = { ...stack.spec.host, sshSecretRef: { name: 'hidden' } };
      const metadata = { ...stack.metadata, namespace: 'acme' };
      await cluster.create(stackKind, { ...stack, metadata, spec: { ...stack.spec, host } }, options);
    }
    const { said, redact, missing } = await collected(cluster);
    expect(redact('known-horse')).toBe('[redacted]');
    expect(said).toBe('Secrets could not be listed: only values of 1 that were read by name are masked.');
    expect(missing).toContainEqual({
      path: 'secrets.yaml (by name)',
      reason: expect.stringMatching(expected),
    });
  });

  it('are not masked if no Secret can be read, which is said', async () => {
    const cluster = await create(new ByNameOnly(), { other: 'strange-mare' });
    expect((await collected(cluster)).said).toBe(
      'No Secret could be read: their values are not masked where they appear.',
    );
  });
});
