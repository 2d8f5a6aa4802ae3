/** `kubectl jtel history` lists the changes of a stack: what, when, from which source, and how each ended. */
import { getStack, type Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { listOf, printObject } from '../output.ts';
import { readRevisions } from '../revisions.ts';
import { historyLines } from '../../insight/history.ts';
import { historyView } from './view.ts';

export async function history(kit: Kit, name: string, { output }: OutputOptions): Promise<void> {
  const stack = await getStack(kit, name);
  const lines = historyLines(stack, await readRevisions(kit, stack));
  if (output === 'json' || output === 'yaml') return await printObject(kit, listOf(lines), output);
  if (lines.length === 0)
    return kit.surroundings.note(`${name} has no history yet: the operator has not looked at it`);
  const { width, ...view } = kit.view();
  kit.print(historyView(lines, output === 'wide' ? view : { ...view, width }));
}
