import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { aStack } from '../controllers/stack/testing.ts';
import { storeKind } from '../crds/index.ts';
import { ApiError } from '../runtime/client/api-error.ts';
import { MemoryCluster } from '../runtime/fake/memory-cluster.ts';
import { chooseStack, readManifests, tryManifest } from './manifest-check.ts';
import { overlaid } from './read/overlay.ts';

const stack = { kind: 'JtelStack', metadata: { namespace: 'demo', name: 'acme' }, spec: aStack().spec };
const store = {
  kind: 'JtelBackupStore',
  metadata: { name: 'vendor' },
  spec: {
    tier: 'Vendor',
    azure: { endpoint: 'https://a.example', container: 'releases', credentialsSecretRef: { name: 'azure' } },
    immutability: { policy: 'None' },
  },
};
const secret = {
  kind: 'Secret',
  metadata: { name: 'azure' },
  stringData: { sasToken: 'geheim' },
  data: { other: 'YQ==' },
};
const text = (...objects: readonly unknown[]): string => objects.map((one) => stringify(one)).join('---\n');
const call = { signal: new AbortController().signal };

async function judged(status: number | 'Accepted' | 'NoTry', spec: unknown = stack.spec): Promise<string> {
  const dryRun = () =>
    status === 'Accepted'
      ? Promise.resolve(aStack())
      : Promise.reject(new ApiError(Number(status), 'Why', 'the server said no'));
  const { stack: found, findings } = await tryManifest(
    { ...stack, spec },
    status === 'NoTry' ? undefined : dryRun,
  );
  return `${findings[0]?.verdict} ${found === undefined ? 'ends' : 'goes on'}`;
}

describe('a manifest', () => {
  it.each([
    ['Accepted', 'Ok goes on'],
    ['NoTry', 'Ok goes on'],
    [422, 'Failed goes on'],
    [404, 'Failed goes on'],
    [403, 'Skipped goes on'],
    [0, 'Skipped goes on'],
  ] as const)('of which the API server says %s: %s', async (status, result) =>
    expect(await judged(status)).toBe(result),
  );

  it('that does not fit the schema ends it', async () =>
    expect(await judged(403, { ...stack.spec, size: 'Huge' })).toBe('Failed ends'));

  it('brings its stores with defaults, and its Secrets, and nothing is written', async () => {
    const { objects } = readManifests(
      [{ name: 'a', text: text(stack, store, secret, { kind: 'ConfigMap', metadata: { name: 'x' } }) }],
      'demo',
    );
    const cluster = overlaid(new MemoryCluster(), objects);
    const found = await cluster.find(storeKind, { namespace: 'demo', name: 'vendor' }, call);
    expect(found?.spec.accessMode).toBe('ReadWrite');
    const values = await cluster.getSecret('demo', 'azure', call);
    expect([values.get('sasToken'), values.get('other')]).toEqual(['geheim', 'a']);
    await expect(cluster.getSecret('other', 'azure', call)).rejects.toThrow('azure');
    await expect(cluster.delete(storeKind, { namespace: 'demo', name: 'vendor' }, {}, call)).rejects.toThrow(
      'must not',
    );
  });

  it('names the stack, if there is only one', () => {
    const one = readManifests([{ name: 'a', text: text(stack) }], 'demo');
    expect(chooseStack(one, undefined)?.metadata?.name).toBe('acme');
    expect(chooseStack(one, 'other')).toBeUndefined();
    const two = readManifests(
      [{ name: 'a', text: text(stack, { ...stack, metadata: { name: 'b' } }) }],
      'demo',
    );
    expect(() => chooseStack(two, undefined)).toThrow('acme, b');
    expect(() => chooseStack(readManifests([], 'demo'), undefined)).toThrow('no JtelStack');
  });

  it.each([
    ['no YAML', 'a: [', 'a is not YAML'],
    ['a store that is none', text({ ...store, spec: {} }), 'JtelBackupStore vendor: spec must have'],
  ])('with %s is refused', (_, content, message) =>
    expect(() => readManifests([{ name: 'a', text: content }], 'demo')).toThrow(message),
  );

  it.each(['null', '[]', '- 1', 'metadata: 7', 'kind: Secret', '{metadata: {name: [1]}}', ''])(
    'that holds something else (%s) has no stack',
    (content) => expect(readManifests([{ name: 'a', text: content }], 'demo').stacks).toEqual([]),
  );
});
