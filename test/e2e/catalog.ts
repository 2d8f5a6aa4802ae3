/** What the JtelBackupStore of a stage trusts, for tests that read its backups themselves. */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { catalogOf, type Catalog } from '../../controllers/stores/trust.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import type { Stage } from './stage.ts';

export async function catalogIn({ kubectl, namespace }: Stage, blobs: BlobStore): Promise<Catalog> {
  return catalogOf({ resource: await storeOf({ kubectl, namespace }), blobs, now: () => new Date() });
}

/** As a person keeps them who wants to recover in another cluster. */
export async function keptKeys(stage: Stage): Promise<readonly string[]> {
  const { signingKeys = [] } = (await storeOf(stage)).status ?? {};
  return signingKeys.map(({ publicKey }) => publicKey);
}

function storeOf({ kubectl, namespace }: Pick<Stage, 'kubectl' | 'namespace'>): Promise<JtelBackupStore> {
  return kubectl.json<JtelBackupStore>(['get', 'jtelbackupstore', 'backups', '-n', namespace]);
}
