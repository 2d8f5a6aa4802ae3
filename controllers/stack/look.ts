/**
 * One look at a stack, from what is there to what is to be done with it: observe everything once, choose the spec that the stack
 * is held to, look at what its data come from. The planner takes it from there. Changes nothing.
 */

import type { JtelStack } from '../../crds/index.ts';
import type { Host, ImageReference } from '../../host-driver/host.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import type { CallOptions } from '../../runtime/client/cluster.ts';
import { executorInputs, type Inputs } from './act/inputs.ts';
import { choose } from './desired/candidates.ts';
import type { Choice, Observed } from './model.ts';
import { observeData } from './observe/data.ts';
import { observe, type ObserveDependencies, type Target } from './observe/observe.ts';
import { optional } from '../../base/optional.ts';

export interface LookDependencies extends ObserveDependencies {
  readonly toolbox: ImageReference;
}

export interface Look {
  /** The spec that the stack is held to. */
  readonly held: Choice;
  readonly observed: Observed;
  readonly gathered: Gathered;
}

/** What executors work with. */
export interface Gathered {
  readonly inputs?: Inputs;
  readonly host?: Host;
  /** Former hosts and the one that the stack is moved away from, by machine-id. */
  readonly others: ReadonlyMap<string, Host>;
}

export async function lookAt(
  stack: JtelStack,
  about: Omit<Target, 'stack'>,
  dependencies: LookDependencies,
  options: CallOptions,
): Promise<Look> {
  const { project, now } = about;
  const seen = await observe({ stack, ...about }, dependencies, options);
  const { choice, rendering } = choose({ project, ...seen, now });
  const { found, data } = await observeData({ ...seen, project, choice, rendering }, dependencies, options);
  const state = seen.observed.host.ok ? seen.observed.host.value.state : undefined;
  const inputs = executorInputs(rendering, project, data, state?.volumes, dependencies);
  return {
    held: choice,
    observed: { ...seen.observed, ...found },
    gathered: { ...optional({ inputs, host: seen.host }), others: seen.others },
  };
}

/** Whether a quick look is enough. */
export function isQuickEnough(
  { status }: JtelStack,
  fullObservationTime: number | undefined,
  now: Date,
  fullLookSeconds: number,
): boolean {
  if (status?.phase !== 'Ready' || fullObservationTime === undefined) return false;
  // What a restore needs on the host, images above all, only a full look tells.
  if (status.dataOrder !== undefined && status.dataOrder.state !== 'Done') return false;
  // Whether drift is gone, only a full look tells.
  if (findCondition(status.conditions, 'Drifted')?.status === 'True') return false;
  return now.getTime() - fullObservationTime < fullLookSeconds * 1000;
}
