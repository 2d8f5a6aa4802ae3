/** `kubectl jtel history` lists the changes of a stack: what, when, from which source, and how each ended. */
import { getStack, type Kit } from '../kit.ts';
import type { JtelStack } from '../../crds/index.ts';
import { UsageError } from '../../command-line/terminal.ts';
import type { OutputOptions } from '../options.ts';
import { listOf, printObject } from '../output.ts';
import { findRecorded, readRevisions } from '../revisions.ts';
import { timeLineOf } from '../../insight/time-line.ts';
import { timeLineView } from './view-time-line.ts';
import { historyLines } from '../../insight/history.ts';
import { ownerCommit } from './owner.ts';
import { historyView } from './view.ts';

export interface HistoryOptions extends OutputOptions {
  readonly revision?: string;
}

export async function history(kit: Kit, name: string, options: HistoryOptions): Promise<void> {
  const { output, revision } = options;
  const stack = await getStack(kit, name);
  if (revision !== undefined) return await showSteps(kit, stack, revision, options);
  const [revisions, commit] = await Promise.all([
    readRevisions(kit, stack),
    ownerCommit(kit.cluster, stack, kit.call),
  ]);
  const lines = historyLines(stack, revisions, commit);
  if (output === 'json' || output === 'yaml') return await printObject(kit, listOf(lines), output);
  if (lines.length === 0)
    return kit.surroundings.note(`${name} has no history yet: the operator has not looked at it`);
  const { width, ...view } = kit.view();
  kit.print(historyView(lines, output === 'wide' ? view : { ...view, width }));
}

/** The steps of one change, each with the time that it took. */
async function showSteps(
  kit: Kit,
  stack: JtelStack,
  wanted: string,
  { output }: OutputOptions,
): Promise<void> {
  if (output === 'wide') throw new UsageError('-o wide shows no steps: leave it out, or use json or yaml');
  const revisions = await readRevisions(kit, stack);
  const revision = findRecorded(stack, revisions, wanted);
  const next = revisions.find(({ number }) => number > revision.number);
  const line = timeLineOf(revision, next, kit.surroundings.now());
  if (output !== undefined) return await printObject(kit, line, output);
  kit.print(timeLineView(line, kit.view()));
  if (revision.steps === undefined)
    kit.surroundings.note('No steps are recorded: the operator that made this change did not note them.');
}
