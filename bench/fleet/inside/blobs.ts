/** In place of `blob-store/azure/azure-store.ts`: stores in memory, each with one release. */
import type * as Real from '../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import type * as Memory from '../../../blob-store/memory.ts';
import type * as Builder from '../../../test/support/release-builder.ts';
import { ofTree } from './settings.ts';

const real = await ofTree<typeof Real>('blob-store/azure/azure-store.ts');
const { MemoryBlobStore } = await ofTree<typeof Memory>('blob-store/memory.ts');
const { aRelease, storeRelease } = await ofTree<typeof Builder>('test/support/release-builder.ts');

/** A release whose other secret is left out: a certificate, which each customer would have to bring. */
async function storeWith(name: string, templates?: Map<string, string>): Promise<BlobStore> {
  const store = new MemoryBlobStore(`memory://${name}/releases`);
  const { secrets = [], components, ...release } = aRelease();
  await storeRelease(
    store,
    {
      ...release,
      secrets: secrets.filter(({ kind }) => kind === 'Generated'),
      components: components.map(({ secrets: mounted = [], ...component }) => ({
        ...component,
        secrets: mounted.filter(({ name: secret }) => secret !== 'tls'),
      })),
    },
    templates,
  );
  return store;
}

const usual = await storeWith('vendor');
/** Ends at the renderer's own limit. */
const endlessTemplate = `{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}{% endfor %}{% endfor %}{% endfor %}`;
const looping = await storeWith('loops', new Map([['config/haproxy.cfg.liquid', endlessTemplate]]));

/** Stores at addresses of this machine go through the real adapter. */
export const azureBlobStore: typeof Real.azureBlobStore = (location, ...rest) => {
  if (location.endpoint.includes('//127.')) return real.azureBlobStore(location, ...rest);
  return location.container === 'loops' ? looping : usual;
};
