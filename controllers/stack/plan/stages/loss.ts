/**
 * Data that were loaded and are gone. Nothing is started over nothing: empty volumes look well, are backed up, and in the end are all that
 * is left. What is missing may come back (a disk that is mounted again), from a backup, or be given up by somebody who says so.
 */

import { annotations } from '../../../../crds/index.ts';
import { describeMissing } from '../../../../host-driver/missing-data.ts';
import { isCarriedOut } from '../../data-order.ts';
import type { DataLoss, Verdict, PlanInput } from '../../model.ts';
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
      : act(
          input,
          'Data',
          [{ type: 'ForgetData' }],
          'beginning anew without the lost data, as the annotation says',
        );
  }
  return {
    kind: 'Blocked',
    step: 'Data',
    condition: 'DataLoaded',
    reason: 'DataMissing',
    message: describeLoss(stack, loss),
    stalled: true,
    afterSeconds: lookSeconds,
  };
}

/** What is lost, and the ways out that there really are. */
export function describeLoss(
  { metadata, spec }: PlanInput['stack'],
  { what, source, time, newest }: DataLoss,
): string {
  const { name, namespace } = metadata;
  const lost =
    what.kind === 'Volumes'
      ? `Data from ${source} (${time}) are no longer on ${spec.host.address}: ${describeMissing(what.missing)}.`
      : `Data from ${source} were loaded at ${time}, and ${spec.host.address} has no record of any (state.json of the stack).`;
  const backup =
    newest === undefined
      ? 'The stack has no spec.backup, so no backup of it is known.'
      : newest.ok
        ? `The newest backup is ${newest.value.backupID} of ${newest.value.time}: to bring it, create a JtelRestore with ifNotEmpty Replace and confirmReplace ${name} (kubectl jtel restore).`
        : `Which backups there are is not known: ${newest.message.replace(/\.?$/, '.')} A JtelRestore with ifNotEmpty Replace and confirmReplace ${name} brings one.`;
  const mount =
    what.kind === 'Volumes'
      ? 'If a disk is not mounted, mount it; this is looked at every minute. '
      : 'If a disk is not mounted, mount it; if this is another machine, bring the first one back. ';
  return `${lost} Nothing is started. ${mount}${backup} To begin anew instead: kubectl annotate jtelstack ${name} -n ${namespace} ${annotations.beginAnew}=${time}`;
}
