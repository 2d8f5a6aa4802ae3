/** `kubectl jtel restore`: asks the operator to bring a backup into a stack, or to plan or test that. */
import { isBackupID, isIdentity } from '../../../backup/names.ts';
import { stackIdentity } from '../../../controllers/backup-identity.ts';
import { labels, restoreKind, type JtelRestore, type JtelStack, type RestoreSource } from '../../../crds/index.ts';
import { ExitCode } from '../../command-line.ts';
import { UsageError } from '../../terminal.ts';
import { confirmByName } from '../confirm.ts';
import { getStack, requireName, type Kit } from '../kit.ts';
import { restoreResult } from '../view/request.ts';
import type { PlaceOptions } from './place.ts';
import { timedName } from './timed-name.ts';
import { waitForRequest } from './wait.ts';

export interface RestoreOptions extends PlaceOptions {
  readonly from: string;
  readonly plan?: boolean;
  readonly test?: boolean;
  readonly replace?: boolean;
  readonly confirm?: string;
  readonly skipBackup?: boolean;
  readonly name?: string;
  readonly wait?: boolean;
}

/** So long the order may wait for something; afterwards it ends, because what it was meant for may be another thing by then. */
const consentHours = 24;

export async function restore(kit: Kit, name: string, options: RestoreOptions): Promise<void> {
  const stack = await getStack(kit, name);
  if (options.name !== undefined) requireName(options.name, '--name');
  const mode = options.plan === true ? 'Plan' : options.test === true ? 'Test' : 'Execute';
  const source = restoreSource(stack, options);
  const replace = options.replace === true;
  if (replace && mode === 'Execute') {
    const before = options.skipBackup === true ? 'NO backup of it is made first (--skip-backup)' : 'a backup of it is made first';
    const question = `All data of ${kit.namespace}/${name} is overwritten by that of backup ${options.from}; ${before}. The stack is down meanwhile.`;
    await confirmByName(kit, question, name, options.confirm);
  }
  const object = {
    metadata: { name: options.name ?? timedName(name, 'restore', kit.surroundings.now()), namespace: kit.namespace, labels: { [labels.stack]: name } },
    spec: {
      stackRef: { name },
      source,
      mode,
      ...(mode === 'Execute' ? { notAfter: new Date(kit.surroundings.now().getTime() + consentHours * 3_600_000).toISOString() } : {}),
      ...(replace ? { ifNotEmpty: 'Replace', confirmReplace: name } : {}),
      ...(options.skipBackup === true ? { preRestoreBackup: 'Skip' } : {}),
    },
  };
  // What the API server fills in is not there yet.
  const created = await kit.cluster.create(restoreKind, object as unknown as JtelRestore, kit.call);
  const waits = options.wait === true || mode === 'Plan';
  const followUp = waits ? '' : `; follow it with: kubectl get jtelrestore ${created.metadata.name} -n ${kit.namespace} -w`;
  kit.surroundings.tell(`JtelRestore ${created.metadata.name} created${followUp}`);
  if (!waits) return;
  const ended = await waitForRequest(kit, restoreKind, created.metadata.name);
  kit.print(restoreResult(ended, kit.view()));
  if (ended.status?.phase !== 'Completed') throw new ExitCode(1);
}

/** @throws UsageError when it is not said which backup, or where it lies. */
function restoreSource(stack: JtelStack, { from, store, identity }: Pick<RestoreOptions, 'from' | 'store' | 'identity'>): RestoreSource {
  if (store !== undefined) requireName(store, '--store');
  if (identity !== undefined && !isIdentity(identity)) throw new UsageError(`--identity ${JSON.stringify(identity.slice(0, 80))} cannot be one: lower-case letters, digits, "-" and "."`);
  const named = store === undefined ? {} : { storeRef: { name: store } };
  if (from === 'latest') return { latestOf: identity ?? stackIdentity(stack), ...named };
  const whose = identity === undefined ? {} : { identity };
  if (!isBackupID(from)) {
    requireName(from, '--from');
    if (store !== undefined) throw new UsageError(`--store goes with a backupID or latest: JtelBackup ${from} knows its own`);
    return { backupRef: { name: from }, ...whose };
  }
  const storeName = store ?? stack.spec.backup?.storeRef.name;
  if (storeName === undefined) throw new UsageError(`in which store does ${from} lie? ${stack.metadata.name} has no spec.backup: give --store`);
  return { backupID: from, storeRef: { name: storeName }, ...whose };
}
