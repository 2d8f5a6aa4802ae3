import { blobStoreContract } from '../test/contract/blob-store.ts';
import {
  archiveContract,
  copyContract,
  immutabilityContract,
  policyContract,
  sasContract,
  signedContract,
} from '../test/contract/blob-store-policies.ts';
import { MemoryBlobStore } from './memory.ts';

blobStoreContract('memory', () => new MemoryBlobStore());
const storeUnder = (policy: 'Immutable' | 'Mutable'): MemoryBlobStore =>
  new MemoryBlobStore('memory://store/container', { immutable: policy === 'Immutable' });
immutabilityContract('memory', storeUnder);
policyContract('memory', storeUnder);
archiveContract('memory', async () => {
  const store = new MemoryBlobStore();
  const archive = async (name: string): Promise<void> => {
    const blob = store.blobs.get(name);
    if (blob !== undefined) store.blobs.set(name, { ...blob, archive: 'Archived' });
  };
  return { store, archive };
});
signedContract('memory', () => new MemoryBlobStore());
sasContract('memory', (sasRights) => new MemoryBlobStore('memory://store/container', { sasRights }));
copyContract('memory', () => {
  const source = new MemoryBlobStore('memory://vendor/releases');
  return { source, target: new MemoryBlobStore('memory://customer/backups', { sources: [source] }) };
});
