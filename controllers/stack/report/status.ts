/** The status of a stack, made new from what was observed at each look; pure. What cannot be seen now keeps its last word. */

import { statusMessageMaxLength, type JtelStack, type JtelStackStatus } from '../../../crds/index.ts';
import type { HostObservation, HostState, ObservedContainer } from '../../../host-driver/host.ts';
import { findCondition, formatTime, summariseConditions } from '../../../runtime/report/conditions.ts';
import { rememberedOrders } from '../data-order.ts';
import { summariseOrder } from './data-order.ts';
import { isOurs } from '../plan/stages/host.ts';
import { summariseImport } from './import.ts';
import { summariseHostChange } from '../host-change.ts';
import { summariseRelocation } from './relocation.ts';
import { countAvailability } from './availability.ts';
import { draftConditions, transientConditions, unreachableGraceSeconds } from './conditions.ts';
import { phaseStartOf } from './phase-start.ts';
import { summariseDisk } from './disk-marks.ts';
import { headline, needsPerson } from './readiness.ts';
import type { Desired, Observed, StatusInput } from '../model.ts';
import { neverServed } from '../desired/stranded.ts';
import { rollbackPoint } from '../desired/rollback.ts';
import { appliedRevision, historyOf } from './history.ts';
import type { Revisions } from '../desired/revisions.ts';
import { isOverdue } from '../plan/stages/failure.ts';
import { findUnhealthy } from '../../hosts/health.ts';
import { firstLoadFailures } from '../plan/load-report.ts';
import { optional } from '../../../base/optional.ts';

export function summarise(input: StatusInput): JtelStackStatus {
  const { stack, observed, plan } = input;
  const previous = stack.status ?? {};
  const generation = stack.metadata.generation;
  const conditions = conditionsOf(input);
  const phase = phaseOf(input, findCondition(conditions, 'Ready')?.status ?? 'Unknown');
  const host = observed.host.ok ? observed.host.value : undefined;
  const applied = host?.state?.applied;
  const message = headline({
    ...input,
    suspended: stack.spec.suspend,
    observeOnly: stack.spec.managementMode === 'Observe',
  }).slice(0, statusMessageMaxLength);
  return {
    ...previous,
    observedGeneration: generation,
    phase,
    phaseStartTime: phaseStartOf(previous, phase, conditions, input.now),
    conditions: [...conditions],
    availability: countAvailability(
      stack,
      findCondition(conditions, 'Available')?.status ?? 'Unknown',
      input.now,
    ),
    message,
    ...(applied === undefined ? {} : { version: applied.version }),
    // JSON leaves out what is undefined, and server-side apply then removes it.
    targetVersion:
      (applied?.version ?? previous.version) === stack.spec.version ? undefined : stack.spec.version,
    ...(host === undefined
      ? {}
      : { host: summariseHost(input, host), ...summariseComponents(stack, input.desired, host) }),
    ...(input.desired === undefined ? {} : { certificate: summariseCertificate(input.desired) }),
    data: summariseData(input) ?? dataSoFar(input),
    firstLoad: summariseFirstLoad(input),
    import: summariseImport(input),
    ...summariseOrders(input),
    ...summariseRelocation(input),
    dataOrder:
      observed.order === undefined && !observed.host.ok
        ? previous.dataOrder
        : summariseOrder(previous.dataOrder, observed, plan, input.now),
    ...(host === undefined ? {} : { previousData: summarisePrevious(host.state) }),
    ...(observed.revisions === undefined ? {} : summariseRevisions(previous, observed.revisions, observed)),
    hostChange: summariseHostChange(input, input.changeNumber),
    operation: input.operation,
  } as JtelStackStatus;
}

function summariseCertificate({ certificate }: Desired): JtelStackStatus['certificate'] {
  return certificate === undefined ? undefined : { notAfter: formatTime(certificate.notAfter) };
}

/** Of what a JtelRestore loads, its own part of the status tells. */
function summariseFirstLoad({ stack, observed }: StatusInput): JtelStackStatus['firstLoad'] {
  const known = stack.status?.firstLoad;
  if (!observed.host.ok || observed.order !== undefined) return known;
  if (observed.host.value.state?.data !== undefined) return undefined;
  return firstLoadFailures(known, observed.revisions?.current.number ?? 0, observed.load);
}

/** Left out while there is none: an empty list and none are the same to the API. */
function summariseOrders({ stack, observed }: StatusInput): Pick<JtelStackStatus, 'carriedOut'> {
  const carriedOut = rememberedOrders(stack.status?.carriedOut, observed);
  return carriedOut.length === 0 ? {} : { carriedOut: [...carriedOut] };
}

function summariseRevisions(
  previous: JtelStackStatus,
  revisions: Revisions,
  { updateBackup }: Observed,
): Pick<JtelStackStatus, 'revision' | 'history' | 'rollback'> {
  const revision = appliedRevision(revisions);
  const rollback = rollbackPoint(revisions, updateBackup, previous.rollback);
  return {
    ...optional({ revision }),
    history: historyOf(previous.history, revisions),
    ...optional({ rollback }),
  };
}

/** What a restore can be undone to. */
function summarisePrevious(state: HostState | undefined): JtelStackStatus['previousData'] {
  const { previous, data } = state ?? {};
  if (previous === undefined || data?.requestUID === undefined) return undefined;
  const { switchTime, untilTime, version, bytes } = previous;
  return {
    requestUID: data.requestUID,
    ...(previous.data === undefined ? {} : { source: previous.data.source }),
    ...optional({ version }),
    switchTime,
    untilTime,
    ...optional({ bytes }),
  };
}

/** The first data that are being loaded count as incomplete: so a later look goes on with the same backup. */
function summariseData({ stack, observed, plan }: StatusInput): JtelStackStatus['data'] {
  const data = observed.host.ok ? observed.host.value.state?.data : undefined;
  if (data !== undefined) {
    const { source, time, backupID, requestUID } = data;
    return {
      source,
      time,
      state: data.state ?? 'Complete',
      ...optional({ backupID, requestUID }),
    };
  }
  if (plan.step !== 'Data' || plan.kind === 'Blocked' || observed.initialData?.ok !== true) return undefined;
  const { source, backupID } = observed.initialData.value;
  return {
    source,
    state: 'Incomplete',
    requestUID: stack.metadata.uid,
    ...optional({ backupID }),
  };
}

/** What nobody sees now is as it was, unless it stays behind on a host where it never served. */
function dataSoFar(input: StatusInput): JtelStackStatus['data'] {
  const { stack, observed } = input;
  return neverServed(stack, input, observed.relocation) ? undefined : stack.status?.data;
}

function conditionsOf(input: StatusInput): NonNullable<JtelStackStatus['conditions']> {
  const { stack, observed, plan, now } = input;
  const previous = stack.status?.conditions ?? [];
  const reachable = findCondition(previous, 'HostReachable');
  const awaySeconds =
    !observed.host.ok && reachable?.status === 'False'
      ? (now.getTime() - Date.parse(reachable.lastTransitionTime)) / 1000
      : 0;
  const previousReady = findCondition(previous, 'Ready');
  const drafts = draftConditions({
    ...input,
    observed,
    plan,
    deleting: stack.metadata.deletionTimestamp !== undefined,
    suspended: stack.spec.suspend,
    observeOnly: stack.spec.managementMode === 'Observe',
    driftPolicy: stack.spec.drift,
    ...overdue(input),
    graceOver: awaySeconds > unreachableGraceSeconds,
    ...(previousReady === undefined
      ? {}
      : {
          previousReady: {
            status: previousReady.status,
            reason: previousReady.reason,
            current: previousReady.observedGeneration === stack.metadata.generation,
          },
        }),
  });
  return summariseConditions(previous, drafts, {
    generation: stack.metadata.generation ?? 0,
    transient: transientConditions,
    longestMessage: statusMessageMaxLength,
    now,
  });
}

/** Only of what has nothing to go back to: everything else is taken back then. */
function overdue({ stack, observed, now }: StatusInput): { readonly overdueSeconds?: number } {
  const { attempt, outcome } = observed.revisions?.current ?? {};
  const { progressDeadlineSeconds } = stack.spec.update;
  if (attempt === undefined || outcome !== undefined || attempt.from !== undefined) return {};
  return isOverdue(progressDeadlineSeconds, undefined, attempt, now)
    ? { overdueSeconds: progressDeadlineSeconds }
    : {};
}

function phaseOf(input: StatusInput, ready: 'True' | 'False' | 'Unknown'): JtelStackStatus['phase'] {
  const { stack, observed, plan } = input;
  if (stack.metadata.deletionTimestamp !== undefined) return 'Deleting';
  if (stack.spec.suspend) return 'Suspended';
  if (plan.kind === 'Done') return plan.step === 'Stop' ? 'Stopped' : 'Ready';
  const isObserving = stack.spec.managementMode === 'Observe';
  const would = isObserving && plan.kind === 'Act' && plan.step !== 'CleanUp';
  if (ready === 'True' && !would) return 'Ready';
  if (observed.order !== undefined && !(plan.kind === 'Blocked' && plan.stalled))
    return observed.relocation === undefined ? 'Restoring' : 'Relocating';
  if (input.activity === undefined && needsPerson(input.failure)) return 'Stalled';
  if (plan.kind === 'Blocked') {
    if (plan.step === 'Host' && plan.reason === 'HostUnreachable') return 'Unreachable';
    return plan.stalled ? 'Stalled' : 'Pending';
  }
  if (isObserving) return 'Observing';
  if (plan.step === 'Health' && stack.status?.version !== undefined && wasReady(stack)) return 'Degraded';
  switch (plan.step) {
    case 'Data':
      return 'Installing';
    case 'Restore':
      return 'Restoring';
    case 'Relocate':
      return 'Relocating';
    case 'Backup':
    case 'Fail':
      return 'Updating';
    case 'WayBack':
      return 'RollingBack';
    case 'Apply':
      return observed.host.ok && observed.host.value.state?.applied !== undefined ? 'Updating' : 'Starting';
    case 'Repair':
      return 'Degraded';
    case 'Health':
      return 'Starting';
    case 'Stop':
      return 'Stopping';
    case 'SetUp':
    case 'Host':
    case 'Preflight':
      return 'Preparing';
    default:
      return 'Pending';
  }
}

/** It was ready with this very spec: what is missing now broke, it is not still starting. */
function wasReady(stack: JtelStack): boolean {
  return stack.status?.phase === 'Ready' || stack.status?.phase === 'Degraded';
}

function summariseHost(
  { stack, clusterID, now }: StatusInput,
  host: HostObservation,
): NonNullable<JtelStackStatus['host']> {
  const { facts, state } = host;
  return {
    address: stack.spec.host.address,
    // The machine is ours only from the first claim on; until then another host may be put in its place.
    ...(state !== undefined && isOurs(state, stack, clusterID) ? { machineID: facts.machineID } : {}),
    os: facts.osName,
    cores: facts.cores,
    memoryBytes: facts.memoryBytes,
    ...summariseDisk(facts, stack.status?.host, now),
    ...optional({ dockerVersion: facts.dockerVersion, composeVersion: facts.composeVersion }),
  };
}

function summariseComponents(
  stack: JtelStack,
  desired: Desired | undefined,
  host: HostObservation,
): Pick<JtelStackStatus, 'components' | 'componentsReady'> {
  const order = desired?.release.services ?? [];
  const rank = (container: ObservedContainer): number => {
    const index = order.indexOf(container.service);
    return index < 0 ? order.length : index;
  };
  // Only a full observation counts restarts: the others keep the last count, or the status would change at each look.
  const restartsBefore = new Map(stack.status?.components?.map(({ name, restarts }) => [name, restarts]));
  // While compose replaces a container there are two of a service: the younger one counts.
  const newest = new Map(
    host.containers
      .toSorted((a, b) => a.createdSeconds - b.createdSeconds)
      .map((container) => [container.service, container]),
  );
  const components = [...newest.values()]
    .toSorted((a, b) => rank(a) - rank(b) || (a.service < b.service ? -1 : 1))
    .map((container) => ({
      container,
      restarts: container.restarts ?? restartsBefore.get(container.service),
    }))
    .map(({ container, restarts }) => ({
      name: container.service,
      image: container.image.split('@')[0] ?? container.image,
      digest: container.image.split('@')[1] ?? container.imageID,
      state: container.state,
      health: container.health,
      ...optional({ restarts }),
    }));
  const wanted = order.length > 0 ? order : host.containers.map((container) => container.service);
  if (wanted.length === 0) return { components };
  return {
    components,
    componentsReady: `${wanted.length - findUnhealthy(host, wanted, desired?.release.tasks).length}/${wanted.length}`,
  };
}
