import { blobStoreContract } from '../test/contract/blob-store.ts';
import { copyContract, immutabilityContract, sasContract } from '../test/contract/blob-store-policies.ts';
import { MemoryBlobStore } from './memory.ts';

blobStoreContract('memory', () => new MemoryBlobStore());
immutabilityContract('memory', (policy) => new MemoryBlobStore('memory://store/container', { immutable: policy === 'Immutable' }));
sasContract('memory', (sasRights) => new MemoryBlobStore('memory://store/container', { sasRights }));
copyContract('memory', () => {
  const source = new MemoryBlobStore('memory://vendor/releases');
  return { source, target: new MemoryBlobStore('memory://customer/backups', { sources: [source] }) };
});
