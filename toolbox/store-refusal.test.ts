import { expect, it } from 'vitest';
import { storeRefusal } from './store-refusal.ts';

it.each([
  [403, 'AuthorizationFailure', 'StoreNetworkRefused', 'network rules'],
  [403, 'AuthorizationSourceIPMismatch', 'StoreNetworkRefused', 'address of this host, 198.51.100.7:'],
  [409, 'BlobArchived', 'BlobArchived', 'rehydrate it'],
  [409, 'BlobBeingRehydrated', 'BlobArchived', 'wait until that is done'],
])('%i %s becomes %s', (status, code, reason, words) => {
  const text =
    '<Error><Message>This request is not authorized to perform this operation using this source IP 198.51.100.7.\nRequestId:1</Message></Error>';
  expect(storeRefusal('reading x', { status, code, text })).toMatchObject({
    reason,
    message: expect.stringContaining(words),
  });
});

it.each(['AuthenticationFailed', 'BlobAlreadyExists', 'ServerBusy', ''])('%j is judged elsewhere', (code) => {
  expect(storeRefusal('reading x', { status: 403, code })).toBeUndefined();
});
