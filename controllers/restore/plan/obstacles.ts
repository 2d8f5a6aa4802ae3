/** What keeps a restore from going on, and whether it waits for the end of it or fails; pure. */

import type { JtelStack, Reason } from '../../../crds/index.ts';
import type { JtelRestore } from '../../../crds/index.ts';
import type { Problem } from '../../inputs/outcome.ts';
import type { Ahead, Observed, Plan } from '../model.ts';
import { optional } from '../../../base/optional.ts';

/** Problems that somebody may be about to solve, or that pass by themselves: the request waits. All others end it. */
const waits: ReadonlySet<Reason> = new Set<Reason>([
  'StoreUnreachable',
  'StoreThrottled',
  'StoreCredentialsRefused',
  'StoreNetworkRefused',
  'ContainerNotFound',
  'StoreNotFound',
  'SecretNotFound',
  'SecretInvalid',
  'NotChecked',
]);
type Waiting = Extract<Plan, { kind: 'Wait' }>;
const waitSeconds = 15;
/** Of the message of another request. */
const longestQuote = 400;

/** What is in the way before anything can be checked. */
export function obstacle({ spec }: JtelRestore, { stack, ahead, target }: Observed): Plan | undefined {
  if (stack === undefined)
    return wait(
      'Pending',
      'StackNotFound',
      `JtelStack ${spec.stackRef.name} does not exist in this namespace: create it.`,
    );
  if (stack.metadata.deletionTimestamp !== undefined)
    return {
      kind: 'Fail',
      reason: 'Deleting',
      message: `JtelStack ${stack.metadata.name} is being deleted; nothing was touched.`,
    };
  if (!target.ok && spec.source.undoOf === undefined) return waitOrFail(target);
  if (spec.mode !== 'Execute') return undefined;
  if (ahead !== undefined) return wait('Pending', 'RestoreWaits', waitsFor(ahead, stack));
  if (stack.spec.suspend)
    return wait(
      'Pending',
      'Suspended',
      `JtelStack ${stack.metadata.name} is suspended: nothing is done until spec.suspend is false.`,
    );
  if (stack.spec.managementMode === 'Observe')
    return wait(
      'Pending',
      'Observing',
      `JtelStack ${stack.metadata.name} is only observed: nothing is done until spec.managementMode is Manage.`,
    );
  if (stack.spec.powerState === 'Stopped')
    return wait(
      'Pending',
      'Stopped',
      `JtelStack ${stack.metadata.name} is stopped: set spec.powerState to Running to have it restored and started.`,
    );
  return waitForHost(stack);
}

function waitsFor({ name, phase, since, message = '' }: Ahead, { metadata }: JtelStack): string {
  const wayOn = `If ${name} is not wanted any more, delete it and this one goes on: kubectl delete jtelrestore ${name} -n ${metadata.namespace}`;
  const says = message === '' ? '' : ` It says: ${message.slice(0, longestQuote)}`;
  return `JtelRestore ${name} of the same stack came first; it is ${phase} since ${since}. ${wayOn}.${says}`;
}

function waitForHost(stack: JtelStack): Plan | undefined {
  const { status, metadata } = stack;
  const reachable = status?.conditions?.find(({ type }) => type === 'HostReachable');
  const current = reachable?.observedGeneration === metadata.generation;
  if (!current || reachable?.status !== 'True' || status?.host === undefined) {
    return wait(
      'Pending',
      'NotChecked',
      `Waiting for the host of JtelStack ${metadata.name}: ${current ? (reachable?.message ?? '') : 'it was not looked at yet.'}`,
    );
  }
  return undefined;
}

export function waitOrFail({ reason, message }: Problem): Plan {
  return waits.has(reason)
    ? wait('Pending', reason, message)
    : { kind: 'Fail', reason, message: `${message} Nothing was touched.` };
}

export function wait(
  phase: Waiting['phase'],
  reason: Reason,
  message: string,
  afterSeconds = waitSeconds,
  progressPercent?: number,
): Waiting {
  return {
    kind: 'Wait',
    phase,
    reason,
    message,
    afterSeconds,
    ...optional({ progressPercent }),
  };
}
