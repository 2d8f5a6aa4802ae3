/** `kubectl jtel import`: reads a stack with the caller's rights, and writes the annotation that finishes its import. */
import { CommandError } from '../../command-line/terminal.ts';
import { annotations, stackKind, type JtelStack } from '../../crds/index.ts';
import { confirm } from '../confirm.ts';
import { despiteChanges } from '../despite-changes.ts';
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
  const asked = { [annotations.finishImport]: progress.pullTime };
  await despiteChanges(name, async () =>
    kit.cluster.patchAnnotations(stackKind, await getStack(kit, name), asked, kit.call),
  );
  note(`written. Follow it with: kubectl jtel status ${name} -n ${stack.metadata.namespace} -w`);
}

function requireImport(stack: JtelStack): JtelStack {
  const { name } = stack.metadata;
  if (stack.spec.initialData.source === 'Import' || stack.status?.import !== undefined) return stack;
  throw new CommandError(
    `${name} imports nothing (spec.initialData.source is ${stack.spec.initialData.source})`,
  );
}
