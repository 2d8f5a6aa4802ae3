/** `kubectl jtel drills`: reads the drills with the caller's rights. */
import { CommandError } from '../../command-line/terminal.ts';
import { drillKind } from '../../crds/index.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import type { Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { drillsView } from './view.ts';

/** @throws {CommandError} if one of them needs somebody */
export async function drills(kit: Kit, { output }: OutputOptions): Promise<void> {
  const all = await kit.cluster.list(drillKind, {}, kit.call);
  if (output === 'json' || output === 'yaml') await printObject(kit, { drills: all }, output);
  else if (all.length === 0) kit.surroundings.note('there is no JtelDrill');
  else kit.print(drillsView(all, kit.view()));
  for (const { metadata, status } of all) {
    const stalled = findCondition(status?.conditions, 'Stalled');
    if (stalled !== undefined) throw new CommandError(`${metadata.name}: ${stalled.message}`);
  }
}
