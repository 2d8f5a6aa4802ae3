/**
 * `kubectl jtel consent` shows what the operator would do to a host that is newer than its stack's object, and lets it. The
 * consent names the moment that the person saw, so it does not count for anything that happens later.
 */
import { annotations, stackKind, type JtelStack } from '../../crds/index.ts';
import { isConflict } from '../../runtime/client/api-error.ts';
import { CommandError } from '../../command-line/terminal.ts';
import { printable } from '../../base/printable.ts';
import { confirm } from '../confirm.ts';
import { getStack, type Kit } from '../kit.ts';
import { foresee } from '../plan/foresee.ts';
import { planView } from '../plan/view.ts';

export interface ConsentOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export async function consent(kit: Kit, name: string, options: ConsentOptions): Promise<void> {
  const { surroundings } = kit;
  const stack = await getStack(kit, name);
  const unknown = stack.status?.hostChange?.unknown;
  if (unknown === undefined)
    return surroundings.note(`nothing to consent to: the object of ${name} is not older than its host`);
  const agreed = consented(stack, unknown.time);
  kit.print(planView(await foresee(kit, agreed), kit.view()));
  if (unknown.kind === 'Moved')
    surroundings.note(
      `The host says that the stack was moved to ${printable(unknown.address ?? 'another host')} at ${unknown.time}. If it runs there, it would run twice.`,
    );
  if (options.dryRun === true) return surroundings.note('nothing was written (--dry-run)');
  await confirm(
    kit,
    `\nThe host was changed at ${unknown.time}, and this object knows nothing of it. Do this nevertheless?`,
    options.yes,
  );
  try {
    await kit.cluster.replace(stackKind, agreed, kit.call);
  } catch (error) {
    if (isConflict(error))
      throw new CommandError(`nothing was written: somebody changed ${name} in the meantime; look again`, {
        cause: error,
      });
    throw error;
  }
  surroundings.note(`written. Follow it with: kubectl jtel status ${name} -n ${stack.metadata.namespace} -w`);
}

function consented(stack: JtelStack, time: string): JtelStack {
  const { metadata } = stack;
  return {
    ...stack,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [annotations.acceptOlderStatus]: time },
    },
  };
}
