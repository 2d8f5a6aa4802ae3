/**
 * A store as this cluster's objects know it: which of its backups were made from here, with the digest of each. A host may write to
 * the store, but not to these objects. So what they name is found, however much a host has put around it.
 */
import { annotations, backupKind, type JtelBackup, type JtelStack } from '../../crds/index.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import type { OpenStore } from './store-access.ts';
import { catalogOf, type Catalog, type Trust } from './trust.ts';

/** For looking into the store's history. */
export async function clusterCatalog(
  cluster: Pick<Cluster, 'list'>,
  opened: OpenStore,
  options: CallOptions,
): Promise<Catalog> {
  const catalog = catalogOf(opened);
  const backups = await backupsBeside(cluster, opened, options);
  return { ...catalog, trust: { ...catalog.trust, isKnown: isKnownIn(backups) } };
}

/**
 * For the data of a stack. An operator before 0.2 did not sign, but it wrote the digest of each manifest into its JtelBackup: such a
 * manifest counts, and so does the one that the stack's annotation names.
 */
export async function stackCatalog(
  cluster: Pick<Cluster, 'list'>,
  opened: OpenStore,
  { metadata }: Pick<JtelStack, 'metadata'>,
  options: CallOptions,
): Promise<Catalog> {
  const catalog = catalogOf(opened);
  const backups = await backupsBeside(cluster, opened, options);
  const digests = new Set(
    backups.map(({ status }) =>
      digestKey(
        status?.identity ?? '',
        status?.backupID ?? '',
        (status?.manifestDigest ?? '').replace(/^sha256:/, ''),
      ),
    ),
  );
  const consented = metadata.annotations?.[annotations.acceptUnsigned];
  return {
    ...catalog,
    trust: {
      ...catalog.trust,
      isKnown: isKnownIn(backups),
      acceptsUnsigned: (identity, backupID, digest) =>
        backupID === consented || digests.has(digestKey(identity, backupID, digest)),
    },
  };
}

/** Those of the store's namespace that say what was written. */
async function backupsBeside(
  cluster: Pick<Cluster, 'list'>,
  { resource }: OpenStore,
  options: CallOptions,
): Promise<readonly JtelBackup[]> {
  const { namespace = '' } = resource.metadata;
  const all = await cluster.list(backupKind, { namespace }, options);
  return all.filter(({ status }) => status?.backupID !== undefined && status.manifestDigest !== undefined);
}

/** Of one identity: whoever may write to the store may take the ID of another stack's backup. */
function isKnownIn(backups: readonly JtelBackup[]): NonNullable<Trust['isKnown']> {
  const known = new Set(
    backups.map(({ status }) => JSON.stringify([status?.identity ?? '', status?.backupID ?? ''])),
  );
  return (identity, backupID) => known.has(JSON.stringify([identity, backupID]));
}

function digestKey(identity: string, backupID: string, digest: string): string {
  return `${identity} ${backupID} ${digest}`;
}
