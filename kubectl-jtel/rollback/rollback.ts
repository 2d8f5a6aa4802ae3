/**
 * `kubectl jtel rollback` writes an earlier spec as the current one, in the caller's name. The operator never
 * changes a spec; it carries this one out like any other.
 */
import { isDeepStrictEqual } from 'node:util';
import { annotations, stackKind, type JtelStack } from '../../crds/index.ts';
import { isConflict } from '../../runtime/client/api-error.ts';
import { needsOlderData } from '../../insight/way-back.ts';
import { getStack, type Kit } from '../kit.ts';
import { findSpec, readRevisions, specOf, currentSpec, type NamedSpec } from '../revisions.ts';
import { CommandError, UsageError } from '../../command-line/terminal.ts';
import { confirm, confirmByName } from '../confirm.ts';
import { specDiff } from '../diff/diff.ts';
import type { Revision } from '../../controllers/stack/index.ts';
import { optional } from '../../base/optional.ts';

export interface RollbackOptions {
  readonly to?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly restoreData?: boolean;
  readonly confirm?: string;
  readonly wait?: boolean;
}

export async function rollback(kit: Kit, name: string, options: RollbackOptions): Promise<void> {
  const stack = await getStack(kit, name);
  const revisions = await readRevisions(kit, stack);
  const now = kit.surroundings.now();
  const target =
    options.to === undefined
      ? usualTarget(stack, revisions, now)
      : findSpec(stack, revisions, options.to, now);
  const backup = needsOlderData(stack, target.spec.version)
    ? backupBefore(stack, revisions, target)
    : undefined;
  const { channelRef } = target.spec;
  if (channelRef !== undefined && target.spec.version !== stack.spec.version)
    throw new CommandError(
      `nothing was written: the release of ${name} is decided by JtelChannel ${channelRef.name}, and ${target.title} has another one. Set spec.version of the channel, or give the stack a spec.version in the place of spec.channelRef`,
    );
  const lines = specDiff(kit, currentSpec(stack), target);
  if (lines.length === 0 && !(needsOlderData(stack, target.spec.version) && options.restoreData === true))
    return kit.surroundings.note(`nothing to do: ${target.title} is the present spec`);
  kit.print(lines);
  if (needsOlderData(stack, target.spec.version) && (options.restoreData !== true || backup === undefined))
    throw downgradeRefused(kit, stack, target, backup);
  if (options.restoreData === true && backup === undefined)
    throw new UsageError(
      `--restore-data is for an older release; ${target.spec.version} works with the present data`,
    );
  if (options.dryRun === true) return kit.surroundings.note('nothing was written (--dry-run)');
  if (backup === undefined)
    await confirm(kit, `\nWrite this spec to ${stack.metadata.namespace}/${name}?`, options.yes);
  else
    await confirmByName(
      kit,
      `\nThis writes the spec and replaces all data by those of JtelBackup ${backup}. A backup of the present data is made first.`,
      name,
      options.confirm,
    );
  if (lines.length > 0) {
    const written = await write(kit, stack, target);
    kit.surroundings.note(
      `written: ${target.title} is now the spec of ${name} (generation ${written.metadata.generation}). Follow it with: kubectl jtel status ${name} -n ${stack.metadata.namespace} -w`,
    );
    if (isManagedElsewhere(stack))
      kit.surroundings.note(
        `The spec came from ${stack.metadata.annotations?.[annotations.sourceRevision]} in a repository: revert the change there too, or the next sync applies it again.`,
      );
  }
  if (backup === undefined) return;
  const { restore } = await import('../restore/restore.ts');
  await restore(kit, name, {
    from: backup,
    replace: true,
    confirm: name,
    ...optional({ wait: options.wait }),
  });
}

/** The JtelBackup of that release's data, made right before an update from it. */
function backupBefore(
  { status }: JtelStack,
  revisions: readonly Revision[],
  { spec }: NamedSpec,
): string | undefined {
  if (status?.rollback?.version === spec.version && status.rollback.backupRef !== undefined)
    return status.rollback.backupRef.name;
  return revisions.findLast(
    ({ attempt }) => attempt?.from?.version === spec.version && attempt.backupRef !== undefined,
  )?.attempt?.backupRef;
}

/** The operator would refuse it as well. Here the person reads it before anything is written. */
function downgradeRefused(
  { namespace }: Kit,
  { metadata: { name }, status }: JtelStack,
  target: NamedSpec,
  backup: string | undefined,
): CommandError {
  const { version } = target.spec;
  const why = `nothing was written: ${status?.version} runs, and ${version} cannot use its data. Going back needs data of that release; what was entered since is lost.`;
  if (backup !== undefined) {
    const to = target.revision === undefined ? '' : ` --to ${target.revision.number}`;
    return new CommandError(
      `${why} With JtelBackup ${backup}, made right before the update:\n  kubectl jtel rollback ${name} -n ${namespace}${to} --restore-data`,
    );
  }
  const list = `  kubectl jtel backup list ${name} -n ${namespace}`;
  return new CommandError(
    `${why} Find a backup that ${version} (or one before it) made:\n${list}\nthen set spec.version to ${version}, which the operator refuses to start with the present data, and restore the backup:\n  kubectl jtel restore ${name} -n ${namespace} --from BACKUP --replace`,
  );
}

/** The operator's own way back if there is one, else the newest spec that differs. */
function usualTarget(stack: JtelStack, revisions: readonly Revision[], now: Date): NamedSpec {
  const offered = stack.status?.rollback?.revision;
  const others = revisions.filter(({ spec }) => !isDeepStrictEqual(spec, stack.spec));
  const target = others.find(({ number }) => number === offered) ?? others.at(-1);
  if (target === undefined)
    throw new CommandError(
      `there is nothing to go back to: no other spec of ${stack.metadata.name} is recorded`,
    );
  return specOf(stack, target, now);
}

async function write(kit: Kit, stack: JtelStack, target: NamedSpec): Promise<JtelStack> {
  const { [annotations.sourceRevision]: _, ...others } = stack.metadata.annotations ?? {};
  const source = target.revision?.sourceRevision;
  const metadata = {
    ...stack.metadata,
    annotations: { ...others, ...(source === undefined ? {} : { [annotations.sourceRevision]: source }) },
  };
  try {
    return await kit.cluster.replace(stackKind, { ...stack, metadata, spec: target.spec }, kit.call);
  } catch (error) {
    if (isConflict(error))
      throw new CommandError(
        `nothing was written: somebody changed ${stack.metadata.name} in the meantime; look again`,
        { cause: error },
      );
    throw error;
  }
}

function isManagedElsewhere({ metadata }: JtelStack): boolean {
  return metadata.annotations?.[annotations.sourceRevision] !== undefined;
}
