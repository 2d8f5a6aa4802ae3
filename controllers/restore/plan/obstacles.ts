/** What is in the way of a restore, and whether the restore waits or fails; pure. */

import { isReason, type JtelRestore, type JtelStack, type Reason } from '../../../crds/index.ts';
import type { Observed } from '../observe/observed.ts';
import type { Plan } from './actions.ts';
import type { Facts, Finding } from './findings.ts';
import { told } from '../../inputs/outcome.ts';
import { optional } from '../../../base/optional.ts';

/** Somebody may be about to solve these problems, or they pass by themselves: the request waits. All others end it. */
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

/** What is in the way before anything can be checked. */
export function obstacle({ spec }: JtelRestore, { stack, ahead, target }: Observed): Plan | undefined {
  if (stack === undefined) return pending('StackNotFound', { is: 'NoStack', stack: spec.stackRef.name });
  const { name, namespace, deletionTimestamp } = stack.metadata;
  if (deletionTimestamp !== undefined)
    return { kind: 'Fail', reason: 'Deleting', facts: { is: 'StackDeleting', stack: name } };
  if (!target.ok && spec.source.undoOf === undefined) return waitOrFail(told(target));
  if (spec.mode !== 'Execute') return undefined;
  if (ahead !== undefined) return pending('RestoreWaits', { is: 'Ahead', ahead, namespace });
  if (stack.spec.suspend) return pending('Suspended', { is: 'Suspended', stack: name });
  if (stack.spec.managementMode === 'Observe')
    return pending('Observing', { is: 'OnlyObserved', stack: name });
  if (stack.spec.powerState === 'Stopped') return pending('Stopped', { is: 'Stopped', stack: name });
  return waitForMove(stack) ?? waitForHost(stack);
}

/** A stack carries out no order before a move is over, and one that is refused is over when somebody has decided. */
function waitForMove({ status, metadata: { name } }: JtelStack): Plan | undefined {
  const { relocation, phase, conditions = [] } = status ?? {};
  if (relocation === undefined || relocation.state === 'Completed' || relocation.state === 'Failed')
    return undefined;
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (phase !== 'Stalled' || ready === undefined || !isReason(ready.reason))
    return pending('Relocating', { is: 'Moving', stack: name });
  return pending(ready.reason, { is: 'Moving', stack: name, message: ready.message });
}

function waitForHost({ status, metadata }: JtelStack): Plan | undefined {
  const reachable = status?.conditions?.find(({ type }) => type === 'HostReachable');
  const isCurrent = reachable?.observedGeneration === metadata.generation;
  if (isCurrent && reachable?.status === 'True' && status?.host !== undefined) return undefined;
  const message = isCurrent ? (reachable?.message ?? '') : undefined;
  return pending('NotChecked', { is: 'HostNotReady', stack: metadata.name, ...optional({ message }) });
}

export function waitOrFail({ reason, facts }: Finding): Plan {
  return waits.has(reason)
    ? pending(reason, facts)
    : { kind: 'Fail', reason, facts: { is: 'Untouched', because: facts } };
}

export function wait(
  phase: Waiting['phase'],
  { reason, facts }: Finding,
  afterSeconds = waitSeconds,
  progressPercent?: number,
): Waiting {
  return { kind: 'Wait', phase, reason, facts, afterSeconds, ...optional({ progressPercent }) };
}

function pending(reason: Reason, facts: Facts): Waiting {
  return wait('Pending', { reason, facts });
}
