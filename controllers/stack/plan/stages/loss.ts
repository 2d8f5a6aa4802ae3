/**
 * Data that were loaded and are gone. Nothing is started over nothing: empty volumes look well, are backed up, and in the end are all that
 * is left. What is missing may come back (a disk that is mounted again), from a backup, or be given up by somebody who says so.
 */

import { annotations } from '../../../../crds/index.ts';
import { isCarriedOut } from '../../data-order.ts';
import type { DataLoss, Facts } from '../../findings.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import { act } from './act.ts';

/** Nobody tells us that a disk was mounted. */
const lookSeconds = 60;

export function lossStage(input: PlanInput): Verdict | undefined {
  const { stack, desired, observed } = input;
  const { loss, order, relocation } = observed;
  if (loss === undefined || relocation !== undefined || !observed.host.ok || desired === undefined)
    return undefined;
  // A JtelRestore brings data of its own.
  if (order !== undefined && !isCarriedOut(observed.host.value.state?.data, order)) return undefined;
  if (stack.metadata.annotations?.[annotations.beginAnew] === loss.time) {
    // Where nothing is recorded there is nothing to forget: the first data are loaded, if the volumes really are empty.
    return loss.what.kind === 'Record'
      ? undefined
      : act(input, 'Data', [{ type: 'ForgetData', cause: 'LossAccepted' }], { is: 'BeginningAnew' });
  }
  return {
    kind: 'Blocked',
    step: 'Data',
    condition: 'DataLoaded',
    reason: 'DataMissing',
    facts: lossFacts(stack, loss),
    stalled: true,
    afterSeconds: lookSeconds,
  };
}

/** What is lost, for a sentence with the ways out that there really are. */
export function lossFacts({ metadata, spec }: PlanInput['stack'], loss: DataLoss): Facts {
  const { name, namespace } = metadata;
  return { is: 'DataLost', stack: { name, namespace }, address: spec.host.address, loss };
}
