/** `kubectl jtel diff` shows what differs between two specs of a stack. */
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { JtelStack } from '../../crds/index.ts';
import type { Revision } from '../../controllers/stack/index.ts';
import { getStack, type Kit } from '../kit.ts';
import { currentSpec, findSpec, readRevisions, specOf, type NamedSpec } from '../revisions.ts';
import { CommandError } from '../../command-line/terminal.ts';
import { diffView } from './view.ts';

export interface DiffOptions {
  readonly revision?: string;
  readonly to?: string;
}

export async function diff(kit: Kit, name: string, options: DiffOptions): Promise<void> {
  const stack = await getStack(kit, name);
  const revisions = await readRevisions(kit, stack);
  const now = kit.surroundings.now();
  const after = options.to === undefined ? currentSpec(stack) : findSpec(stack, revisions, options.to, now);
  const before =
    options.revision === undefined
      ? usualBefore(stack, revisions, after, now)
      : findSpec(stack, revisions, options.revision, now);
  const lines = specDiff(kit, before, after);
  if (lines.length === 0) kit.surroundings.note(`no difference between ${before.title} and ${after.title}`);
  kit.print(lines);
}

/**
 * What a person means by "what changed": the spec that runs if it is another one, else the newest that
 * differs.
 */
function usualBefore(
  stack: JtelStack,
  revisions: readonly Revision[],
  after: NamedSpec,
  now: Date,
): NamedSpec {
  const older = revisions.filter(
    ({ number, spec }) =>
      number < (after.revision?.number ?? Number.POSITIVE_INFINITY) && !isDeepStrictEqual(spec, after.spec),
  );
  const running = older.find(({ number }) => number === stack.status?.revision);
  const before = running ?? older.at(-1);
  if (before === undefined)
    throw new CommandError(`nothing to compare with: no earlier spec of ${stack.metadata.name} is recorded`);
  return specOf(stack, before, now);
}

export function specDiff(kit: Kit, before: NamedSpec, after: NamedSpec): string[] {
  return diffView(
    { title: before.title, text: specText(before) },
    { title: after.title, text: specText(after) },
    kit.paint,
  );
}

function specText({ spec }: NamedSpec): string {
  return stringify(spec, { lineWidth: 0, sortMapEntries: true });
}
