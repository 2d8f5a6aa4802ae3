/** In place of `blob-store/azure/azure-store.ts`: one store in memory, which has one release. */
import type { azureBlobStore as real } from '../../../blob-store/azure/azure-store.ts';
import type * as Memory from '../../../blob-store/memory.ts';
import type * as Builder from '../../../test/support/release-builder.ts';
import { ofTree } from './settings.ts';

const { MemoryBlobStore } = await ofTree<typeof Memory>('blob-store/memory.ts');
const { aRelease, storeRelease } = await ofTree<typeof Builder>('test/support/release-builder.ts');

const store = new MemoryBlobStore('memory://vendor/releases');
const { secrets = [], components, ...release } = aRelease();
await storeRelease(store, {
  ...release,
  // The other secret is a certificate, which each customer would have to bring.
  secrets: secrets.filter(({ kind }) => kind === 'Generated'),
  components: components.map(({ secrets: mounted = [], ...component }) => ({
    ...component,
    secrets: mounted.filter(({ name }) => name !== 'tls'),
  })),
});

export const azureBlobStore: typeof real = () => store;
