/** What jobs get from a store that has only a SAS: nothing of this asks the service, so it needs none. */
import { expect, it } from 'vitest';
import { sasContract } from '../../test/contract/blob-store-policies.ts';
import { azureBlobStore } from './azure-store.ts';
import type { BlobStore } from '../blob-store.ts';

const expiry = '2099-01-01T00:00:00Z';

function storeWith(token: string): BlobStore {
  return azureBlobStore(
    { endpoint: 'https://acme.blob.core.windows.net', container: 'backups' },
    { kind: 'SAS', token },
  );
}

sasContract('Azure', (rights) => storeWith(`sv=2026-01-01&sp=${rights}&se=${expiry}&sig=secret`));

it('rights that only a stored access policy knows are handed to nobody', async () => {
  const store = storeWith(`si=policy&se=${expiry}&sig=secret`);
  for (const asking of [store.readUrl('x', 60), store.createGrant(60)]) {
    await expect(asking).rejects.toMatchObject({
      reason: 'StoreCannotSign',
      message: expect.stringContaining('does not say what it may do'),
    });
  }
});

it('a right to create that does not say until when is handed to nobody', async () => {
  await expect(storeWith('sp=c&sig=secret').createGrant(60)).rejects.toMatchObject({
    reason: 'StoreCannotSign',
    message: expect.stringContaining('(se)'),
  });
});
