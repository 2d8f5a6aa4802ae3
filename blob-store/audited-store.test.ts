import { expect, test } from 'vitest';
import { auditedStore, type StoreWrite } from './audited-store.ts';
import type { BlobStore } from './blob-store.ts';
import { MemoryBlobStore } from './memory.ts';

const { signal } = new AbortController();
const text = 'text/plain';
const content = (words: string): Buffer => Buffer.from(words);
const md5OfA = '0cc175b9c0f1b6a831c399e269772661';

function recorded(store: MemoryBlobStore): { readonly store: BlobStore; readonly writes: StoreWrite[] } {
  const writes: StoreWrite[] = [];
  return { store: auditedStore(store, (write) => writes.push(write)), writes };
}

test('every write is told before and after, with what came of it', async () => {
  const inner = new MemoryBlobStore();
  const { store, writes } = recorded(inner);
  await store.create('a', content('a'), text, signal);
  await store.copyFrom('b', await store.readUrl('a', 60), { bytes: 1, md5: md5OfA }, signal);
  await store.proveImmutable('a', signal);
  await expect(store.create('a', content('other'), text, signal)).rejects.toThrow('another object');
  expect([...inner.blobs.keys()]).toEqual(['a', 'b']);
  const seconds = expect.any(Number);
  expect(writes).toEqual([
    { action: 'create', blob: 'a', outcome: 'Begun' },
    { action: 'create', blob: 'a', outcome: 'Done', seconds },
    { action: 'copyFrom', blob: 'b', outcome: 'Begun' },
    { action: 'copyFrom', blob: 'b', outcome: 'Done', seconds },
    { action: 'proveImmutable', blob: 'a', outcome: 'Begun' },
    {
      action: 'proveImmutable',
      blob: 'a',
      outcome: 'Done',
      found: 'overwrite Refused, delete Refused',
      seconds,
    },
    { action: 'create', blob: 'a', outcome: 'Begun' },
    { action: 'create', blob: 'a', outcome: 'Failed', reason: 'BlobExists', seconds },
  ]);
});

test('a write that is given up is told as such, and reads are not told', async () => {
  const { store, writes } = recorded(new MemoryBlobStore());
  const stopped = AbortSignal.abort(new Error('stopped'));
  await expect(store.create('a', content('a'), text, stopped)).rejects.toThrow('stopped');
  expect(writes.map(({ outcome }) => outcome)).toEqual(['Begun', 'Aborted']);
  await store.create('a', content('a'), text, signal);
  const told = writes.length;
  expect((await store.read('a', 10, signal)).toString()).toBe('a');
  expect((await store.readRange('a', 0, 1, signal)).toString()).toBe('a');
  expect(await store.properties('a', signal)).toMatchObject({ name: 'a' });
  const listed = [];
  for await (const { name } of store.list('', signal)) listed.push(name);
  expect(listed).toEqual(['a']);
  await store.policy(signal);
  await store.createGrant(60);
  expect(writes).toHaveLength(told);
});
