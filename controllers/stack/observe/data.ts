/** Looks at the data of a stack: what they come from, whether those that were loaded are there, and what is loaded beside them. */

import type { Host } from '../../../host-driver/host.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import type { Rendering } from '../desired/candidates.ts';
import type { Choice, Observed } from '../model.ts';
import { observeBeside } from './beside.ts';
import { observeLoss } from './loss.ts';
import type { Orders } from './orders.ts';
import type { OtherHostDependencies } from './relocation.ts';
import { sourceOfData, sourceOfMove, type DataLook } from './source.ts';
import { optional } from '../../../base/optional.ts';

interface DataInput {
  readonly observed: Observed;
  readonly orders: Orders;
  readonly project: string;
  readonly host?: Host;
  readonly choice: Choice;
  readonly rendering: Rendering;
}

export interface DataFound {
  readonly found: DataLook['observed'] & Pick<Observed, 'beside' | 'loss'>;
  /** Absent without a host or a release: then nothing is loaded. */
  readonly data?: DataLook;
}

/** Looks at what the data of the spec that holds come from, and whether those that were loaded are still there. */
export async function observeData(
  { observed, orders, project, host, choice, rendering }: DataInput,
  dependencies: OtherHostDependencies,
  options: CallOptions,
): Promise<DataFound> {
  const { stack, desired } = choice;
  if (!observed.host.ok || host === undefined) return { found: {} };
  const seen = observed.host.value;
  const release = rendering.release?.loaded.release;
  const { relocation } = observed;
  const data =
    release === undefined
      ? undefined
      : relocation === undefined
        ? await sourceOfData(stack, project, orders, seen.state, release, dependencies, options)
        : await sourceOfMove(stack, relocation, seen.state, release, dependencies, options);
  const [beside, loss] = await Promise.all([
    observeBeside(stack.spec.host.address, host, seen, data, options.signal),
    desired === undefined || relocation !== undefined
      ? undefined
      : observeLoss(stack, seen, desired.release, dependencies, options),
  ]);
  return { found: { ...data?.observed, ...optional({ beside, loss }) }, ...optional({ data }) };
}
