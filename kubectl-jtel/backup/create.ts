/** `kubectl jtel backup create` asks the operator for a backup, as any user of the API would. */
import { backupKind, labels, type JtelBackup } from '../../crds/index.ts';
import { ExitCode } from '../../command-line/command-line.ts';
import { CommandError } from '../../command-line/terminal.ts';
import { getStack, requireName, type Kit } from '../kit.ts';
import { backupResult } from './view-request.ts';
import { timedName } from '../../base/time.ts';
import { waitForRequest } from './wait.ts';

export interface CreateOptions {
  readonly name?: string;
  readonly store?: string;
  readonly verify: 'Checksum' | 'Restore';
  readonly wait?: boolean;
}

export async function create(kit: Kit, name: string, options: CreateOptions): Promise<void> {
  const stack = await getStack(kit, name);
  if (options.name !== undefined) requireName(options.name, '--name');
  if (options.store !== undefined) requireName(options.store, '--store');
  if (stack.spec.backup === undefined && options.store === undefined)
    throw new CommandError(`${name} has no spec.backup: set it, or name the store with --store`);
  const object = {
    metadata: {
      name: options.name ?? timedName(name, 'manual', kit.surroundings.now()),
      namespace: kit.namespace,
      labels: { [labels.stack]: name },
    },
    spec: {
      stackRef: { name },
      trigger: 'Manual',
      verify: options.verify,
      ...(options.store === undefined ? {} : { storeRef: { name: options.store } }),
    },
  };
  // The API server has not filled in its defaults yet.
  const created = await kit.cluster.create(backupKind, object as unknown as JtelBackup, kit.call);
  const followUp =
    options.wait === true
      ? ''
      : `; follow it with: kubectl get jtelbackup ${created.metadata.name} -n ${kit.namespace} -w`;
  kit.surroundings.note(`JtelBackup ${created.metadata.name} created${followUp}`);
  if (options.wait !== true) return;
  const ended = await waitForRequest(kit, backupKind, created.metadata.name);
  kit.print(backupResult(ended, kit.view()));
  if (ended.status?.phase !== 'Completed') throw new ExitCode(1);
}
