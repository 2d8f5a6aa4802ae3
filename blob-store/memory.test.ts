import { blobStoreContract } from '../test/contract/blob-store.ts';
import { MemoryBlobStore } from './memory.ts';

blobStoreContract('memory', () => new MemoryBlobStore());
