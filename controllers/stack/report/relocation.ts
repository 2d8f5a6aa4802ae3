/** What the status says of a move: which machine holds the data, how far the move is, and which hosts were left; pure. */

import type { JtelStackStatus } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { isCarriedOut } from '../data-order.ts';
import { isFenced, isForgotten, type DataHost, type FormerHost, type RelocationLook } from '../relocation.ts';
import type { StatusInput } from '../model.ts';
import { isOurs } from '../plan/stages/host.ts';
import { optional } from '../../../base/optional.ts';
import { secondsBetween } from '../../../base/time.ts';

type Relocation = NonNullable<JtelStackStatus['relocation']>;
type RelocationStatus = Pick<JtelStackStatus, 'dataHost' | 'relocation' | 'formerHosts'>;

const mostFormer = 8;

export function summariseRelocation(input: StatusInput): RelocationStatus {
  const { stack, observed } = input;
  const previous = stack.status ?? {};
  const dataHost = whereDataAre(input);
  const left =
    previous.dataHost !== undefined &&
    dataHost !== undefined &&
    dataHost.machineID !== previous.dataHost.machineID
      ? previous.dataHost
      : undefined;
  const formerHosts = summariseFormers(input, dataHost, left);
  const relocation =
    observed.relocation === undefined ? finished(input, dataHost) : underWay(input, observed.relocation);
  return {
    ...optional({ dataHost, relocation }),
    ...(formerHosts.length === 0 ? { formerHosts: undefined } : { formerHosts }),
  } as RelocationStatus;
}

/** Changes only when the data are complete on the machine that is observed. */
function whereDataAre({ stack, clusterID, observed }: StatusInput): DataHost | undefined {
  const known = stack.status?.dataHost;
  const host = observed.host.ok ? observed.host.value : undefined;
  if (host?.state?.data === undefined || host.state.moved !== undefined) return known;
  // An address that was wrong may lead to the data of somebody else.
  if (!isOurs(host.state, stack, clusterID)) return known;
  const { machineID, hostKey } = host.facts;
  const here = { host: stack.spec.host, machineID, ...optional({ hostKey }) };
  if (known?.machineID === here.machineID) return here;
  if (host.state.data.state !== undefined) return known;
  const arrived =
    observed.relocation !== undefined &&
    isCarriedOut(host.state.data, { requestUID: observed.relocation.id });
  return known === undefined || arrived ? here : known;
}

function summariseFormers(
  { stack, observed, now }: StatusInput,
  dataHost: DataHost | undefined,
  left: DataHost | undefined,
): readonly FormerHost[] {
  const since = formatTime(now);
  const old = observed.relocation?.old;
  const marked = old?.ok === true && isFenced(old.value);
  const fresh: FormerHost[] =
    left === undefined
      ? []
      : [
          {
            ...left,
            state: marked ? 'Fenced' : 'Pending',
            since,
            message: marked
              ? 'Stopped and marked.'
              : 'It has not answered yet; it is stopped and marked as soon as it does.',
          },
        ];
  const kept = (stack.status?.formerHosts ?? [])
    .filter(({ machineID }) => machineID !== dataHost?.machineID && machineID !== left?.machineID)
    .map((former) => {
      const seen = observed.formers?.find((one) => one.former.machineID === former.machineID)?.host;
      if (
        former.state === 'Fenced' ||
        seen?.ok !== true ||
        !(isForgotten(seen.value) || isFenced(seen.value))
      )
        return former;
      return { ...former, state: 'Fenced' as const, since, message: 'Stopped and marked.' };
    });
  return [...fresh, ...kept].slice(0, mostFormer);
}

function underWay(input: StatusInput, look: RelocationLook): Relocation {
  const { stack, observed, now } = input;
  const before = stack.status?.relocation?.id === look.id ? stack.status.relocation : undefined;
  const state = stateOf(input, look);
  const time = formatTime(now);
  const stopped =
    state === 'FinalBackup' || state === 'Fencing' || state === 'Loading' || state === 'Starting';
  const backupID =
    look.source === 'RecoverFromBackup'
      ? look.newest?.ok === true
        ? look.newest.value.backupID
        : undefined
      : look.final?.status?.backupID;
  const stopTime = before?.stopTime ?? (stopped ? time : undefined);
  const chosen = before?.backupID ?? backupID;
  // Consent to lose something is only noted once it takes effect.
  const source = look.source === 'RecoverFromBackup' && state === 'Preparing' ? undefined : look.source;
  return {
    id: look.id,
    ...optional({ source }),
    state:
      observed.host.ok && isCarriedOut(observed.host.value.state?.data, { requestUID: look.id })
        ? 'Starting'
        : state,
    fromMachineID: look.from.machineID,
    toMachineID: look.toMachineID,
    ...(chosen === undefined || source === undefined ? {} : { backupID: chosen }),
    startTime: before?.startTime ?? time,
    ...optional({ stopTime }),
  };
}

function stateOf(
  { observed, plan }: StatusInput,
  { id, source, old, warm, final }: RelocationLook,
): Relocation['state'] {
  // Data of an earlier time may lie there; only this move's own mean that it is loading.
  if (observed.host.ok && (observed.host.value.state?.data?.requestUID === id || plan.step === 'Restore'))
    return 'Loading';
  if (source === 'RecoverFromBackup')
    return plan.step === 'Relocate' && plan.kind === 'Act' ? 'Fencing' : 'Preparing';
  if (old.ok && isFenced(old.value)) return 'Loading';
  if (final?.status?.phase === 'Completed') return 'Fencing';
  if (final !== undefined) return 'FinalBackup';
  if (warm?.status?.phase === 'Completed') return 'Stopping';
  return warm === undefined ? 'Preparing' : 'BackingUp';
}

/** Nothing is moved (any more): done when the stack is well where the move led, failed when it was taken back. */
function finished({ stack, plan, now }: StatusInput, dataHost: DataHost | undefined): Relocation | undefined {
  const before = stack.status?.relocation;
  if (before === undefined || before.state === 'Completed' || before.state === 'Failed') return before;
  if (dataHost?.machineID !== before.toMachineID)
    return plan.kind === 'Done' ? { ...before, state: 'Failed', completionTime: formatTime(now) } : before;
  const done = plan.kind === 'Done' || (plan.kind === 'Act' && plan.step === 'CleanUp');
  if (!done) return { ...before, state: 'Starting' };
  return {
    ...before,
    state: 'Completed',
    completionTime: formatTime(now),
    downtimeSeconds: secondsBetween(before.stopTime ?? before.startTime ?? now, now),
  };
}
