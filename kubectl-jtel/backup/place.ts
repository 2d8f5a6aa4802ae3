/**
 * Finds the backups of a stack: which store, under which identity. Works without the stack if the store is
 * named.
 */
import { isBackupID, defaultIdentity, isIdentity } from '../../backup-format/names.ts';
import { stackIdentity } from '../../controllers/stores/backup-identity.ts';
import { catalogOf, type Catalog } from '../../controllers/stores/trust.ts';
import {
  acceptedBackup,
  describeSkipped,
  newestGoodBackup,
  requireChoice,
} from '../../controllers/stores/backup-doubt.ts';
import { openStore } from '../../controllers/stores/store-access.ts';
import { backupKind, stackKind, type JtelBackup, type JtelStack } from '../../crds/index.ts';
import { CommandError, UsageError } from '../../command-line/terminal.ts';
import { requireName, type Kit } from '../kit.ts';
import { optional } from '../../base/optional.ts';

export interface PlaceOptions {
  readonly store?: string;
  readonly identity?: string;
}

export interface BackupPlace extends Catalog {
  readonly storeName: string;
  readonly identity: string;
  /** Absent in a cluster that lost it. */
  readonly stack?: JtelStack;
}

/** @throws UsageError if the options do not say where to look. */
export async function findPlace(
  kit: Kit,
  name: string | undefined,
  options: PlaceOptions,
): Promise<BackupPlace> {
  const { cluster, namespace, call } = kit;
  if (name !== undefined) requireName(name, 'STACK');
  if (options.store !== undefined) requireName(options.store, '--store');
  if (options.identity !== undefined && !isIdentity(options.identity))
    throw new UsageError(
      `--identity ${JSON.stringify(options.identity.slice(0, 80))} is not valid: use lower-case letters, digits, "-" and "."`,
    );
  const stack = name === undefined ? undefined : await cluster.find(stackKind, { namespace, name }, call);
  const identity =
    options.identity ??
    (stack === undefined
      ? name === undefined
        ? undefined
        : defaultIdentity(namespace, name)
      : stackIdentity(stack));
  if (identity === undefined)
    throw new UsageError('whose backups? Name the STACK, or give --store and --identity');
  const storeName = storeOf(options.store, stack, name, namespace);
  const opened = await openStore(cluster, namespace, storeName, '--store', call);
  return { ...catalogOf(opened), storeName, identity, ...optional({ stack }) };
}

/** The store of that stack, which need not exist if the options name the store. @throws UsageError */
export async function storeNameFor(
  { cluster, namespace, call }: Kit,
  name: string | undefined,
  { store }: Pick<PlaceOptions, 'store'>,
): Promise<string> {
  if (name !== undefined) requireName(name, 'STACK');
  if (store !== undefined) requireName(store, '--store');
  const stack =
    name === undefined || store !== undefined
      ? undefined
      : await cluster.find(stackKind, { namespace, name }, call);
  return storeOf(store, stack, name, namespace);
}

function storeOf(
  named: string | undefined,
  stack: JtelStack | undefined,
  name: string | undefined,
  namespace: string,
): string {
  const storeName = named ?? stack?.spec.backup?.storeRef.name;
  if (storeName !== undefined) return storeName;
  const why =
    stack === undefined
      ? `there is no JtelStack ${name ?? ''} in namespace ${namespace}`
      : `${name ?? ''} has no spec.backup`;
  throw new UsageError(
    `${why}: name the JtelBackupStore with --store (and the name of the backups with --identity)`,
  );
}

/** JtelBackups of the stack by their backupIDs, and those that have none (yet). */
export async function backupObjects(
  { cluster, namespace, call }: Kit,
  name: string | undefined,
): Promise<readonly JtelBackup[]> {
  const all = await cluster.list(backupKind, { namespace }, call);
  return all.filter(({ spec }) => name === undefined || spec.stackRef.name === name);
}

/**
 * Turns `latest`, a backupID or the name of a JtelBackup into a backupID.
 * @throws CommandError if there is no such backup.
 */
export async function resolveBackupID(kit: Kit, place: BackupPlace, backup: string): Promise<string> {
  if (isBackupID(backup)) return backup;
  if (backup === 'latest') {
    const accepted = place.stack === undefined ? undefined : acceptedBackup(place.stack);
    const choice = await newestGoodBackup(place, place.identity, accepted, kit.call.signal);
    const newest = requireChoice(choice, place.blobs.description);
    const passedOver = describeSkipped(choice);
    if (passedOver !== '') kit.surroundings.note(passedOver);
    if (newest === undefined)
      throw new CommandError(`${place.blobs.description} has no backup of ${place.identity}`);
    return newest;
  }
  requireName(backup, 'BACKUP');
  const object = await kit.cluster.find(backupKind, { namespace: kit.namespace, name: backup }, kit.call);
  if (object === undefined)
    throw new CommandError(
      `${backup} is neither a backupID nor a JtelBackup in namespace ${kit.namespace}: kubectl jtel backup list shows them`,
    );
  if (object.status?.backupID === undefined || object.status.phase !== 'Completed') {
    throw new CommandError(
      `JtelBackup ${backup} is ${object.status?.phase ?? 'Pending'}, not Completed${object.status?.message === undefined ? '' : `: ${object.status.message}`}`,
    );
  }
  return object.status.backupID;
}
