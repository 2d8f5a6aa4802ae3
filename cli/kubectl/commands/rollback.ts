/**
 * `kubectl jtel rollback`: writes an earlier spec as the current one, in the name of the person who calls. The operator never
 * changes a spec; it carries this one out like any other.
 */
import { isDeepStrictEqual } from 'node:util';
import { compare } from 'semver';
import { annotations, stackKind, type JtelStack } from '../../../crds/index.ts';
import { isConflict } from '../../../operator/runtime/client/api-error.ts';
import { getStack, type Kit } from '../kit.ts';
import { findSpec, readRevisions, specOf, currentSpec, type NamedSpec } from '../revisions.ts';
import { CommandError } from '../../terminal.ts';
import { confirm } from '../confirm.ts';
import { specDiff } from './diff.ts';
import type { Revision } from '../../../controllers/stack/revisions.ts';

export interface RollbackOptions {
  readonly to?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export async function rollback(kit: Kit, name: string, options: RollbackOptions): Promise<void> {
  const stack = await getStack(kit, name);
  const revisions = await readRevisions(kit, stack);
  const now = kit.surroundings.now();
  const target = options.to === undefined ? usualTarget(stack, revisions, now) : findSpec(stack, revisions, options.to, now);
  const lines = specDiff(kit, currentSpec(stack), target);
  if (lines.length === 0) return kit.surroundings.tell(`nothing to do: ${target.title} is the spec as it is now`);
  kit.print(lines);
  refuseDowngrade(stack, target);
  if (options.dryRun === true) return kit.surroundings.tell('nothing was written (--dry-run)');
  await confirm(kit, `\nWrite this spec to ${stack.metadata.namespace}/${name}?`, options.yes);
  const written = await write(kit, stack, target);
  kit.surroundings.tell(`written: ${target.title} is the spec of ${name} now (generation ${written.metadata.generation}). Follow it with: kubectl jtel status ${name} -n ${stack.metadata.namespace} -w`);
  if (isManagedElsewhere(stack)) kit.surroundings.tell(`The spec came from ${stack.metadata.annotations?.[annotations.sourceRevision]} in a repository: take the change back there too, or the next sync brings it again.`);
}

/** The operator's own way back if there is one, else the newest spec that differs. */
function usualTarget(stack: JtelStack, revisions: readonly Revision[], now: Date): NamedSpec {
  const offered = stack.status?.rollback?.revision;
  const others = revisions.filter(({ spec }) => !isDeepStrictEqual(spec, stack.spec));
  const target = others.find(({ number }) => number === offered) ?? others.at(-1);
  if (target === undefined) throw new CommandError(`there is nothing to go back to: no other spec of ${stack.metadata.name} is recorded`);
  return specOf(stack, target, now);
}

/** The operator would refuse it as well; here it is told before anything is written. */
function refuseDowngrade({ metadata, status }: JtelStack, target: NamedSpec): void {
  const running = status?.version;
  if (running === undefined || compare(target.spec.version, running) >= 0) return;
  const { name, namespace } = metadata;
  const backup = status?.rollback?.version === target.spec.version ? status.rollback.backupRef?.name : undefined;
  const source = backup === undefined ? `the newest backup made with ${target.spec.version} (kubectl jtel backup list ${name} -n ${namespace} shows them)` : `backup ${backup}, made right before the update`;
  const from = backup ?? 'BACKUP';
  throw new CommandError(
    `nothing was written: ${running} runs, and ${target.spec.version} cannot use its data. Going back to it needs data of that release too: restore ${source} with\n` +
      `  kubectl jtel restore ${name} -n ${namespace} --from ${from} --replace\n` +
      `What was entered since that backup is lost then; a backup of it is made first.`,
  );
}

async function write(kit: Kit, stack: JtelStack, target: NamedSpec): Promise<JtelStack> {
  const { [annotations.sourceRevision]: _, ...others } = stack.metadata.annotations ?? {};
  const source = target.revision?.sourceRevision;
  const metadata = { ...stack.metadata, annotations: { ...others, ...(source === undefined ? {} : { [annotations.sourceRevision]: source }) } };
  try {
    return await kit.cluster.replace(stackKind, { ...stack, metadata, spec: target.spec }, kit.call);
  } catch (error) {
    if (isConflict(error)) throw new CommandError(`nothing was written: somebody changed ${stack.metadata.name} in the meantime; look again`, { cause: error });
    throw error;
  }
}

function isManagedElsewhere({ metadata }: JtelStack): boolean {
  return metadata.annotations?.[annotations.sourceRevision] !== undefined;
}
