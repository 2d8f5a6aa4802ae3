/** Metrics of each stack. */
import { findCondition } from '../../runtime/report/conditions.ts';
import type { JtelStack, StackConditionType } from '../../crds/index.ts';
import { componentsOf, isAvailable } from '../../insight/available.ts';
import {
  conditionMetrics,
  durationSeconds,
  fromBoolean,
  ofStack,
  secondsOf,
  type BusinessMetric,
  type StackView,
} from './model.ts';

/** Possible values of `status.operation.type`. Anything else becomes Other, so labels stay bounded. */
const operationTypes: ReadonlySet<string> = new Set([
  'Install',
  'Update',
  'Configure',
  'Restore',
  'Rollback',
  'Relocate',
  'Repair',
  'Stop',
  'Delete',
]);

export const stackMetrics: readonly BusinessMetric[] = [
  ofStack(
    'info',
    'Always 1; the wanted size, and the release that runs (empty before the first)',
    ({ stack }) => [{ labels: { version: stack.status?.version ?? '', size: stack.spec.size }, value: 1 }],
    ['version', 'size'],
  ),
  ofStack(
    'phase',
    'Always 1; the label is the phase that the stack is in',
    ({ stack }) => [{ labels: { phase: stack.status?.phase ?? 'Pending' }, value: 1 }],
    ['phase'],
  ),
  ofStack('phase_start_timestamp_seconds', 'When the stack entered that phase', ({ stack }) =>
    secondsOf(stack.status?.phaseStartTime),
  ),
  ofStack('creation_timestamp_seconds', 'When the object was created', ({ stack }) =>
    secondsOf(stack.metadata.creationTimestamp),
  ),
  ofStack(
    'expected',
    '1 while the stack should serve: not stopped, suspended, only observed or being deleted',
    ({ stack }) => fromBoolean(isExpected(stack)),
  ),
  ofStack('ready', '1 when everything that the spec wants was reached', ({ stack }) =>
    isTrue(stack, 'Ready'),
  ),
  ofStack(
    'available',
    '1 when what customers use answers (condition Available), whatever else is wanted; 0 also while nobody knows',
    ({ stack }) => fromBoolean(isAvailable(stack)),
  ),
  ...conditionMetrics(ofStack, ({ stack }) => stack.status?.conditions),
  ofStack('generation', 'Number of the newest spec', ({ stack }) => stack.metadata.generation),
  ofStack(
    'observed_generation',
    'Number of the spec that the status is about; -1 before the first look',
    ({ stack }) => stack.status?.observedGeneration ?? -1,
  ),
  ofStack(
    'components_healthy',
    'Containers that are healthy, as last seen',
    ({ stack }) => componentsOf(stack)?.healthy,
  ),
  ofStack(
    'components_wanted',
    'Containers that the release wants',
    ({ stack }) => componentsOf(stack)?.wanted,
  ),
  ofStack('container_restarts', 'How often Docker restarted the containers that there are now', ({ stack }) =>
    stack.status?.components?.reduce((sum, { restarts = 0 }) => sum + restarts, 0),
  ),
  ofStack('drifted', '1 when the host differs from what was applied', ({ stack }) =>
    isTrue(stack, 'Drifted'),
  ),
  ofStack('host_reachable', '1 when the host answered the last time that it was asked', ({ stack }) =>
    isTrue(stack, 'HostReachable'),
  ),
  ofStack(
    'host_disk_free_bytes',
    'Free space where Docker keeps its data, to 5 %',
    ({ stack }) => stack.status?.host?.diskFreeBytes,
  ),
  ofStack(
    'host_disk_size_bytes',
    'Size of that file system',
    ({ stack }) => stack.status?.host?.diskTotalBytes,
  ),
  ofStack('host_memory_bytes', 'Memory of the host', ({ stack }) => stack.status?.host?.memoryBytes),
  ofStack('host_cores', 'Processor cores of the host', ({ stack }) => stack.status?.host?.cores),
  ofStack(
    'certificate_end_timestamp_seconds',
    'When the certificate of the web page, or one of its chain, ends',
    ({ stack }) => secondsOf(stack.status?.certificate?.notAfter),
  ),
  ofStack(
    'operation_start_timestamp_seconds',
    'When the work began that is being done on the host; there is none while nothing is done',
    (view) => operation(view, ({ startTime }) => secondsOf(startTime)),
    ['type'],
  ),
  ofStack(
    'operation_heartbeat_timestamp_seconds',
    'When the operator was last seen working on it',
    (view) => operation(view, ({ lastHeartbeatTime }) => secondsOf(lastHeartbeatTime)),
    ['type'],
  ),
  ofStack(
    'operation_progress_ratio',
    'How much of its current step is done, from 0 to 1',
    (view) =>
      operation(view, ({ progressPercent }) =>
        progressPercent === undefined ? undefined : progressPercent / 100,
      ),
    ['type'],
  ),
  ofStack(
    'changes',
    'Changes in the last ten of status.history, by what was done and how it ended',
    ({ stack }) => changes(stack),
    ['action', 'result'],
  ),
  ofStack('last_update_timestamp_seconds', 'When the last update ended', (view) =>
    secondsOf(lastUpdate(view)?.completionTime),
  ),
  ofStack('last_update_duration_seconds', 'How long the last update took', (view) =>
    durationSeconds(lastUpdate(view)?.startTime, lastUpdate(view)?.completionTime),
  ),
  ofStack(
    'last_update_downtime_seconds',
    'How long the stack did not serve because of it',
    (view) => lastUpdate(view)?.downtimeSeconds,
  ),
];

function isExpected({ metadata, spec }: JtelStack): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    !spec.suspend &&
    spec.managementMode === 'Manage' &&
    spec.powerState === 'Running'
  );
}

function statusOf(stack: JtelStack, type: StackConditionType): 'True' | 'False' | 'Unknown' | undefined {
  return findCondition(stack.status?.conditions, type)?.status;
}

/** 1 or 0; undefined while nobody looked. */
function isTrue(stack: JtelStack, type: StackConditionType): number | undefined {
  const status = statusOf(stack, type);
  return status === undefined || status === 'Unknown' ? undefined : fromBoolean(status === 'True');
}

type Operation = NonNullable<NonNullable<JtelStack['status']>['operation']>;

function operation(
  { stack }: StackView,
  value: (operation: Operation) => number | undefined,
): readonly { readonly labels: { type: string }; readonly value: number }[] {
  const running = stack.status?.operation;
  if (running === undefined) return [];
  const found = value(running);
  const type = operationTypes.has(running.type) ? running.type : 'Other';
  return found === undefined ? [] : [{ labels: { type }, value: found }];
}

function changes(
  stack: JtelStack,
): readonly { readonly labels: { action: string; result: string }; readonly value: number }[] {
  const counts = new Map<string, { labels: { action: string; result: string }; value: number }>();
  for (const { action = '', result } of stack.status?.history ?? []) {
    if (result === undefined) continue;
    const labels = { action: operationTypes.has(action) ? action : 'Other', result };
    const key = `${labels.action}/${result}`;
    counts.set(key, { labels, value: (counts.get(key)?.value ?? 0) + 1 });
  }
  return [...counts.values()];
}

function lastUpdate({
  stack,
}: StackView): NonNullable<NonNullable<JtelStack['status']>['history']>[number] | undefined {
  // Newest first.
  return stack.status?.history?.find(({ action }) => action === 'Update');
}
