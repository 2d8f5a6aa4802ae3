/** `kubectl jtel import`: reads a stack with the caller's rights, and writes the annotation that finishes its import. */
import { CommandError } from '../../command-line/terminal.ts';
import { annotations, stackKind, type JtelStack } from '../../crds/index.ts';
import { isConflict } from '../../runtime/client/api-error.ts';
import { confirm } from '../confirm.ts';
import { getStack, type Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { importView } from './view.ts';

export interface FinishOptions {
  readonly yes?: boolean;
}

/** @throws {CommandError} if the stack imports nothing */
export async function status(kit: Kit, name: string, { output }: OutputOptions): Promise<void> {
  const stack = requireImport(await getStack(kit, name));
  if (output === 'json' || output === 'yaml')
    return await printObject(kit, { stack: name, import: stack.status?.import ?? null }, output);
  kit.print(importView(stack, kit.view()));
}

/** @throws {CommandError} unless the import waits for this */
export async function finish(kit: Kit, name: string, { yes }: FinishOptions): Promise<void> {
  const { note } = kit.surroundings;
  const stack = requireImport(await getStack(kit, name));
  const { import: progress, message } = stack.status ?? {};
  if (progress?.finishTime !== undefined) return note(`the import of ${name} is finished`);
  if (progress === undefined)
    throw new CommandError(
      `nothing was written: the old database was not copied yet${message === undefined ? '' : ` (${message})`}`,
    );
  kit.print(importView(stack, kit.view()));
  await confirm(
    kit,
    '\nWhat the old installation changes from now on is lost. Is it stopped, and does its database still run?',
    yes,
  );
  await annotate(kit, name, { [annotations.finishImport]: progress.pullTime });
  note(`written. Follow it with: kubectl jtel status ${name} -n ${stack.metadata.namespace} -w`);
}

const mostTries = 5;

/** The operator writes the status while a person thinks, so the object is read again. */
async function annotate(kit: Kit, name: string, asked: Readonly<Record<string, string>>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await kit.cluster.patchAnnotations(stackKind, await getStack(kit, name), asked, kit.call);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (tries < mostTries) continue;
      throw new CommandError(`nothing was written: somebody changed ${name} in the meantime; try again`, {
        cause: error,
      });
    }
  }
}

function requireImport(stack: JtelStack): JtelStack {
  const { name } = stack.metadata;
  if (stack.spec.initialData.source === 'Import' || stack.status?.import !== undefined) return stack;
  throw new CommandError(
    `${name} imports nothing (spec.initialData.source is ${stack.spec.initialData.source})`,
  );
}
