import { expect, it } from 'vitest';
import { decodeSecret, hiddenValues } from './secret-values.ts';

function hiddenOf(entries: Readonly<Record<string, string>>): readonly string[] {
  const data = Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return hiddenValues(decodeSecret({ metadata: { name: 'keys', namespace: 'acme' }, data }));
}

it('hides keys, and not the name of the one that is in use', () => {
  expect(hiddenOf({ current: '2026-a', '2026-a': 'first key', '2025-b': 'second key' })).toEqual([
    'first key',
    'second key',
  ]);
  // Nothing has that name, so it may be a secret that lies under a strange key.
  expect(hiddenOf({ current: '2026-a' })).toEqual(['2026-a']);
});

it('hides the key to a store, and not where the store is', () => {
  expect(
    hiddenOf({ accountName: 'acme', accountKey: 'the key', endpoint: 'https://acme.blob.example' }),
  ).toEqual(['the key']);
});
