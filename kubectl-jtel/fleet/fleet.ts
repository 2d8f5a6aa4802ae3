/** `kubectl jtel fleet`: one list of the stacks, and what their status answers. */
import { stackKind } from '../../crds/index.ts';
import { fleetReport } from '../../insight/fleet.ts';
import type { Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { fleetReportView } from './view.ts';

export interface FleetCommandOptions extends OutputOptions {
  readonly allNamespaces?: boolean;
  readonly certificateDays: number;
}

export async function fleet(kit: Kit, options: FleetCommandOptions): Promise<void> {
  const { allNamespaces = false, certificateDays, output } = options;
  const stacks = await kit.cluster.list(
    stackKind,
    allNamespaces ? {} : { namespace: kit.namespace },
    kit.call,
  );
  const report = fleetReport(stacks, { now: kit.surroundings.now(), certificateDays });
  if (output === 'json' || output === 'yaml') return await printObject(kit, report, output);
  if (stacks.length === 0)
    return kit.surroundings.note(
      allNamespaces
        ? 'there are no stacks'
        : `there are no stacks in namespace ${kit.namespace} (-A looks in all)`,
    );
  kit.print(fleetReportView(report, output === 'wide' ? 'All' : 'Some', kit.view()));
}
