/**
 * After a failed change: before the previous release is started, the data are those that it can use. When the failed release
 * may have touched them, a JtelRestore brings back the backup that was made right before; this stage only asks for it and keeps
 * everything else from starting until the load has begun.
 */

import type { Verdict, PlanInput } from '../../model.ts';
import { act, preparations } from './act.ts';

export function wayBackStage(input: PlanInput): Verdict | undefined {
  const { stack, desired, observed } = input;
  const { revisions, wayBack } = observed;
  if (!observed.host.ok || revisions?.current.outcome?.result !== 'RollingBack') return undefined;
  const { outcome, attempt, spec } = revisions.current;
  // The load of a restore ends the update on the host: what follows is as after any restore.
  if (observed.host.value.state?.update === undefined) return undefined;
  const { restoreRef } = outcome;
  if (restoreRef === undefined) {
    if (desired === undefined) return undefined;
    const { release } = desired;
    // The mark goes last: until then a new process comes here again.
    const wave = [
      ...preparations(observed.host.value, release),
      { type: 'ApplyRelease' } as const,
      { type: 'RecordApplied' } as const,
      { type: 'EndUpdate' } as const,
    ];
    return act(input, 'WayBack', wave, `bringing release ${release.version} back, its data were not touched`);
  }
  if (wayBack === undefined) {
    const backupRef = attempt?.backupRef ?? '';
    return {
      kind: 'Act',
      step: 'WayBack',
      wave: [{ type: 'CreateRestore', name: restoreRef, backupRef }],
      message: `asking for the data of before the update to ${spec.version}`,
    };
  }
  if (observed.order?.name === restoreRef) return undefined;
  if (wayBack.status?.phase === 'Failed') {
    return {
      kind: 'Blocked',
      step: 'WayBack',
      condition: 'UpToDate',
      reason: 'RestoreFailed',
      message:
        `The update to ${spec.version} failed and its data cannot be brought back: ${wayBack.status.message ?? 'see the JtelRestore'} ` +
        `Nothing is started on them. To try again: kubectl delete jtelrestore ${restoreRef} -n ${stack.metadata.namespace}.`,
      stalled: true,
      afterSeconds: 60,
    };
  }
  return {
    kind: 'Wait',
    step: 'WayBack',
    reason: 'RollingBack',
    message: `waiting for JtelRestore ${restoreRef} to check backup ${attempt?.backupRef ?? ''}`,
    afterSeconds: 2,
  };
}
