/**
 * After a failed change: before the previous release is started, the data are those that it can use. When the failed release
 * may have touched them, a JtelRestore brings back the backup that was made right before; this stage only asks for it and keeps
 * everything else from starting until the load has begun.
 */

import type { Verdict, PlanInput } from '../../model.ts';
import { act, preparations } from './act.ts';
import { optional } from '../../../../base/optional.ts';

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
      { type: 'ApplyRelease', cause: 'ReleaseTakenBack' } as const,
      { type: 'RecordApplied', cause: 'ReleaseTakenBack' } as const,
      { type: 'EndUpdate', cause: 'ReleaseTakenBack' } as const,
    ];
    return act(input, 'WayBack', wave, {
      is: 'BringingBack',
      version: release.version,
      dataUntouched: true,
    });
  }
  if (wayBack === undefined) {
    const backupRef = attempt?.backupRef ?? '';
    return {
      kind: 'Act',
      step: 'WayBack',
      wave: [{ type: 'CreateRestore', name: restoreRef, backupRef, cause: 'DataTouched' }],
      facts: { is: 'AskingForData', version: spec.version },
    };
  }
  if (observed.order?.name === restoreRef) return undefined;
  if (wayBack.status?.phase === 'Failed') {
    return {
      kind: 'Blocked',
      step: 'WayBack',
      condition: 'UpToDate',
      reason: 'RestoreFailed',
      facts: {
        is: 'WayBackFailed',
        version: spec.version,
        restore: restoreRef,
        namespace: stack.metadata.namespace,
        ...optional({ message: wayBack.status.message }),
      },
      stalled: true,
      afterSeconds: 60,
    };
  }
  return {
    kind: 'Wait',
    step: 'WayBack',
    reason: 'RollingBack',
    facts: { is: 'WaitingForWayBack', restore: restoreRef, backup: attempt?.backupRef ?? '' },
    afterSeconds: 2,
  };
}
