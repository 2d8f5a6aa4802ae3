/**
 * `kubectl jtel restore` asks the operator to restore a backup into a stack, to plan or test that, or to undo
 * it.
 */
import { isBackupID, isIdentity } from '../../backup-format/names.ts';
import { stackIdentity } from '../../controllers/stores/backup-identity.ts';
import {
  labels,
  restoreKind,
  type JtelRestore,
  type JtelStack,
  type RestoreSource,
} from '../../crds/index.ts';
import { ExitCode } from '../../command-line/command-line.ts';
import { CommandError, UsageError } from '../../command-line/terminal.ts';
import { confirm, confirmByName } from '../confirm.ts';
import { getStack, requireName, type Kit } from '../kit.ts';
import { restoreResult } from '../backup/view-request.ts';
import type { PlaceOptions } from '../backup/place.ts';
import { timedName } from '../../base/time.ts';
import { waitForRequest } from '../backup/wait.ts';
import { optional } from '../../base/optional.ts';

export interface RestoreOptions extends PlaceOptions {
  readonly from?: string;
  readonly plan?: boolean;
  readonly test?: boolean;
  readonly replace?: boolean;
  readonly confirm?: string;
  readonly skipBackup?: boolean;
  readonly verify?: 'Checksum' | 'Start';
  readonly inPlace?: boolean;
  readonly keepHours?: number;
  readonly unsigned?: boolean;
  readonly unencrypted?: boolean;
  readonly name?: string;
  readonly wait?: boolean;
}

/** The order expires after this time: what it was meant for may have changed by then. */
const consentHours = 24;

export async function restore(kit: Kit, name: string, options: RestoreOptions): Promise<void> {
  const stack = await getStack(kit, name);
  if (options.name !== undefined) requireName(options.name, '--name');
  const mode = options.plan === true ? 'Plan' : options.test === true ? 'Test' : 'Execute';
  const source = restoreSource(stack, options);
  const replace = options.replace === true;
  if (replace && mode === 'Execute') {
    const before =
      options.skipBackup === true
        ? 'NO backup of them is made first (--skip-backup)'
        : 'a backup of them is made first';
    const question = `This replaces the data of ${kit.namespace}/${name} by those of backup ${options.from ?? ''}; ${before}. ${howLong(options)}`;
    await confirmByName(kit, question, name, options.confirm);
  }
  const object = {
    metadata: {
      name: options.name ?? timedName(name, 'restore', kit.surroundings.now()),
      namespace: kit.namespace,
      labels: { [labels.stack]: name },
    },
    spec: {
      stackRef: { name },
      source,
      mode,
      ...(mode === 'Execute'
        ? { notAfter: new Date(kit.surroundings.now().getTime() + consentHours * 3_600_000).toISOString() }
        : {}),
      ...(replace ? { ifNotEmpty: 'Replace', confirmReplace: name } : {}),
      ...(options.skipBackup === true ? { preRestoreBackup: 'Skip' } : {}),
      ...optional({ verify: options.verify }),
      ...(options.inPlace === true ? { inPlace: 'Accept' } : {}),
      ...optional({ keepPreviousHours: options.keepHours }),
      ...(options.unsigned === true ? { unsigned: 'Accept' } : {}),
      ...(options.unencrypted === true ? { unencrypted: 'Accept' } : {}),
    },
  };
  await createAndFollow(kit, object, options.wait === true || mode === 'Plan');
}

export interface UndoOptions {
  readonly plan?: boolean;
  readonly yes?: boolean;
  readonly name?: string;
  readonly wait?: boolean;
}

/**
 * `kubectl jtel restore undo` switches back to the data from before the last restore, while the host has
 * them.
 */
export async function undoRestore(kit: Kit, name: string, options: UndoOptions): Promise<void> {
  const { status } = await getStack(kit, name);
  if (options.name !== undefined) requireName(options.name, '--name');
  const { previousData } = status ?? {};
  if (previousData === undefined)
    throw new CommandError(
      `${kit.namespace}/${name} has no data from before a restore on its host; restore a backup instead: kubectl jtel backup list ${name}`,
    );
  const now = kit.surroundings.now();
  const { requestUID, source = 'the data from before the restore', switchTime, untilTime } = previousData;
  const since =
    switchTime === undefined
      ? ''
      : ` What was written since ${switchTime} is kept with the data in use now, and you can switch back to it the same way.`;
  if (options.plan !== true)
    await confirm(
      kit,
      `${kit.namespace}/${name} goes back to ${source} (kept until ${untilTime}).${since} The stack is down for one restart.`,
      options.yes,
    );
  const object = {
    metadata: {
      name: options.name ?? timedName(name, 'undo', now),
      namespace: kit.namespace,
      labels: { [labels.stack]: name },
    },
    spec: {
      stackRef: { name },
      source: { undoOf: requestUID },
      mode: options.plan === true ? 'Plan' : 'Execute',
      ...(options.plan === true
        ? {}
        : { notAfter: new Date(now.getTime() + consentHours * 3_600_000).toISOString() }),
    },
  };
  await createAndFollow(kit, object, options.wait === true || options.plan === true);
}

function howLong({ inPlace, keepHours }: RestoreOptions): string {
  if (inPlace === true)
    return 'If there is no room for both, the data are overwritten in place: the stack is down meanwhile, and only that backup leads back.';
  const kept =
    keepHours === 0
      ? 'The old data are not kept.'
      : 'The old data are kept for a while: kubectl jtel restore undo switches back.';
  return `The stack serves while they are loaded, and is down for one restart. ${kept}`;
}

async function createAndFollow(kit: Kit, object: object, waits: boolean): Promise<void> {
  // The API server has not filled in its defaults yet.
  const created = await kit.cluster.create(restoreKind, object as JtelRestore, kit.call);
  const followUp = waits
    ? ''
    : `; follow it with: kubectl get jtelrestore ${created.metadata.name} -n ${kit.namespace} -w`;
  kit.surroundings.note(`JtelRestore ${created.metadata.name} created${followUp}`);
  if (!waits) return;
  const ended = await waitForRequest(kit, restoreKind, created.metadata.name);
  kit.print(restoreResult(ended, kit.view()));
  if (ended.status?.phase !== 'Completed') throw new ExitCode(1);
}

/** @throws UsageError if the options do not say which backup, or where it is. */
function restoreSource(
  stack: JtelStack,
  { from, store, identity }: Pick<RestoreOptions, 'from' | 'store' | 'identity'>,
): RestoreSource {
  if (from === undefined)
    throw new UsageError('which backup? Give --from: a backupID, the name of a JtelBackup, or latest');
  if (store !== undefined) requireName(store, '--store');
  if (identity !== undefined && !isIdentity(identity))
    throw new UsageError(
      `--identity ${JSON.stringify(identity.slice(0, 80))} is not valid: use lower-case letters, digits, "-" and "."`,
    );
  const named = store === undefined ? {} : { storeRef: { name: store } };
  if (from === 'latest') return { latestOf: identity ?? stackIdentity(stack), ...named };
  const whose = identity === undefined ? {} : { identity };
  if (!isBackupID(from)) {
    requireName(from, '--from');
    if (store !== undefined)
      throw new UsageError(`--store goes with a backupID or latest: JtelBackup ${from} knows its own`);
    return { backupRef: { name: from }, ...whose };
  }
  const storeName = store ?? stack.spec.backup?.storeRef.name;
  if (storeName === undefined)
    throw new UsageError(
      `in which store is ${from}? ${stack.metadata.name} has no spec.backup: give --store`,
    );
  return { backupID: from, storeRef: { name: storeName }, ...whose };
}
