import { expect, it } from 'vitest';
import { labels } from '../../crds/index.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { aStack } from '../stack/testing.ts';
import { CredentialStore } from './credentials.ts';
import { fileNamesKey, readFileNames } from './file-names.ts';

const { signal } = new AbortController();
const stack = aStack();
const request = { generate: [{ name: 'root', length: 20 }], selfSigned: false };
const metadata = { namespace: 'acme', name: 'main-credentials', labels: { [labels.stack]: 'main' } };

async function stored(content?: Readonly<Record<string, string>>): Promise<CredentialStore> {
  const cluster = new MemoryCluster();
  if (content !== undefined)
    await cluster.create(secrets, { metadata, stringData: content } as object, { signal });
  return new CredentialStore(cluster);
}

it('a new stack has a key for the names of its secrets', async () => {
  const credentials = await stored();
  await credentials.ensure(stack, request, signal);
  expect(readFileNames(await credentials.read(stack, { signal }))).toEqual({
    key: expect.stringMatching(/^[0-9a-f]{64}$/),
    plain: [],
  });
});

it('a stack of an older operator gets one only with the names that lie on its host, and once', async () => {
  const credentials = await stored({ root: 'correct-horse' });
  await credentials.ensure(stack, { generate: [{ name: 'other', length: 20 }], selfSigned: false }, signal);
  expect(readFileNames(await credentials.read(stack, { signal }))).toBeUndefined();
  const plain = ['a'.repeat(64)];
  await credentials.nameFiles(stack, plain, signal);
  const first = await credentials.read(stack, { signal });
  expect(readFileNames(first)?.plain).toEqual(plain);
  expect(first?.get('root')).toBe('correct-horse');
  await credentials.nameFiles(stack, [], signal);
  expect((await credentials.read(stack, { signal }))?.get(fileNamesKey)).toBe(first?.get(fileNamesKey));
});

it.each(['{', '{}', '{"key":"short","plain":[]}'])('an entry that is %s stops everything', async (text) => {
  const credentials = await stored({ [fileNamesKey]: text });
  const values = await credentials.read(stack, { signal });
  expect(() => readFileNames(values)).toThrow(expect.objectContaining({ reason: 'SecretInvalid' }));
});
