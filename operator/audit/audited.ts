/** Puts the audit between controllers and what they change: hosts, stores, and what people ask for. */
import { auditedStore } from '../../blob-store/audited-store.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import type { openBlobs, openStore } from '../../controllers/stores/store-access.ts';
import { auditedDriver } from '../../host-driver/audited-driver.ts';
import type { HostDriver } from '../../host-driver/host.ts';
import type { Cluster } from '../../runtime/index.ts';
import type { Caches } from '../caches.ts';
import { followRequests } from './follow.ts';
import { effectLine, writeLine, type Audit } from './lines.ts';

export interface AuditableParts {
  readonly cluster: Cluster;
  readonly caches: Caches;
  readonly driver: HostDriver;
  readonly openStore: typeof openStore;
  /** Opens a store whose object was read already. */
  readonly openBlobs: typeof openBlobs;
}

/** The same parts, which tell what is done with them. Requests are followed until the signal aborts. */
export function audited<P extends AuditableParts>(parts: P, audit: Audit, signal: AbortSignal): P {
  followRequests(parts.caches, parts.cluster, audit, signal);
  const told = (store: JtelBackupStore, blobs: BlobStore): BlobStore =>
    auditedStore(blobs, (write) => audit(writeLine(store, write)));
  return {
    ...parts,
    driver: auditedDriver(parts.driver, (effect) => audit(effectLine(effect))),
    openStore: async (...args: Parameters<typeof openStore>) => {
      const opened = await parts.openStore(...args);
      return { ...opened, blobs: told(opened.resource, opened.blobs) };
    },
    openBlobs: async (...[cluster, store, options]: Parameters<typeof openBlobs>) =>
      told(store, await parts.openBlobs(cluster, store, options)),
  };
}
