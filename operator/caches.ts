/** The objects that all parts of the operator read, one store for each kind. */
import type {
  JtelBackup,
  JtelBackupStore,
  JtelChannel,
  JtelDrill,
  JtelRestore,
  JtelStack,
} from '../crds/index.ts';
import type { Store } from '../runtime/cache/store.ts';

/** The content of the cluster, as last heard. */
export interface Caches {
  readonly stacks: Store<JtelStack>;
  readonly stores: Store<JtelBackupStore>;
  readonly backups: Store<JtelBackup>;
  readonly restores: Store<JtelRestore>;
  /** Absent in an operator that looks after some namespaces only: it does not see all stacks of a channel. */
  readonly channels?: Store<JtelChannel>;
  /** Absent there, too. */
  readonly drills?: Store<JtelDrill>;
}
