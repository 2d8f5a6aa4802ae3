/**
 * Tells statuses that only say how the work goes on from those that note something. What later looks go by is
 * written before the work that relies on it. Pure.
 */

import type { JtelStackStatus } from '../../../crds/index.ts';
import type { Plan } from '../model.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import { statusChanged } from '../../../runtime/report/status-changed.ts';

/**
 * @param before undefined if nothing was told yet
 * @returns whether people alone want to see the difference, and can wait for it a moment
 */
export function tellsProgress(
  before: JtelStackStatus | undefined,
  after: JtelStackStatus,
  plan: Plan,
): boolean {
  return before === undefined ? onlyStoresSecrets(plan) : !statusChanged(noted(before), noted(after));
}

/** The API server itself lets only one process do so, and no host is touched. What follows tells of it, too. */
function onlyStoresSecrets(plan: Plan): boolean {
  return plan.kind === 'Act' && plan.wave.every(({ type }) => type === 'EnsureCredentials');
}

/** Without what is made anew from the host, the spec and the plan at each look. */
function noted(status: JtelStackStatus): object {
  const {
    message: _message,
    phase: _phase,
    phaseStartTime: _phaseStartTime,
    conditions,
    components: _components,
    componentsReady: _componentsReady,
    certificate: _certificate,
    version: _version,
    targetVersion: _targetVersion,
    availability: { downSince, unknownSince } = {},
    operation,
    ...rest
  } = status;
  const { id, type, startTime, epoch } = operation ?? {};
  // What somebody changed by hand may be put right before it would be told, and then nobody heard of it.
  const isDrifted = findCondition(conditions, 'Drifted')?.status === 'True';
  // Time is counted from these; when it began to serve at all is told with what else is told then.
  return { ...rest, isDrifted, downSince, unknownSince, operation: { id, type, startTime, epoch } };
}
