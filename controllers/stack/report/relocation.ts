/** What the status says of a move: which machine holds the data, how far the move is, and which hosts were left; pure. */

import type { JtelStackStatus } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { isCarriedOut } from '../data-order.ts';
import {
  isFenced,
  isLeft,
  leftNewHost,
  mostPending,
  type DataHost,
  type FormerHost,
  type RelocationLook,
} from '../relocation.ts';
import type { StatusInput } from '../model.ts';
import { neverServed } from '../desired/stranded.ts';
import { isOurs } from '../plan/stages/host.ts';
import { isHandedOver } from '../plan/stages/relocation.ts';
import { optional } from '../../../base/optional.ts';
import { secondsBetween } from '../../../base/time.ts';

type Relocation = NonNullable<JtelStackStatus['relocation']>;
type RelocationStatus = Pick<JtelStackStatus, 'dataHost' | 'newHost' | 'relocation' | 'formerHosts'>;

/** With those that are still to be fenced. */
const mostFormer = 8;

export function summariseRelocation(input: StatusInput): RelocationStatus {
  const { stack, observed } = input;
  const previous = stack.status ?? {};
  const isFirst = neverServed(stack, input, observed.relocation);
  const dataHost = isFirst ? undefined : whereDataAre(input);
  const left =
    previous.dataHost !== undefined &&
    (isFirst || (dataHost !== undefined && dataHost.machineID !== previous.dataHost.machineID))
      ? previous.dataHost
      : undefined;
  const newHost = whereDataGo(input, dataHost);
  const formerHosts = summariseFormers(input, { dataHost, newHost, left, isFirst });
  const relocation =
    observed.relocation === undefined || isFirst
      ? finished(input, dataHost)
      : underWay(input, observed.relocation);
  return {
    dataHost,
    ...optional({ relocation }),
    newHost,
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

/** From the first change on the machine at `spec.host` until the data are there: what was begun there must not be forgotten. */
function whereDataGo(
  { stack, clusterID, observed, plan }: StatusInput,
  dataHost: DataHost | undefined,
): DataHost | undefined {
  const known = stack.status?.newHost;
  if (!observed.host.ok) return known;
  const { state, facts } = observed.host.value;
  const { machineID, hostKey } = facts;
  if (dataHost?.machineID === machineID) return undefined;
  const isOwn = state !== undefined && isOurs(state, stack, clusterID);
  const { suspend, managementMode } = stack.spec;
  const isClaimed =
    state === undefined &&
    !suspend &&
    managementMode === 'Manage' &&
    plan.kind === 'Act' &&
    plan.wave.some(({ type }) => type === 'ClaimHost');
  if (isOwn || isClaimed) return { host: stack.spec.host, machineID, ...optional({ hostKey }) };
  return known?.machineID === machineID ? known : undefined;
}

interface Places {
  readonly dataHost: DataHost | undefined;
  readonly newHost: DataHost | undefined;
  /** Where the data were until now. */
  readonly left: DataHost | undefined;
  /** They never served there. */
  readonly isFirst: boolean;
}

function summariseFormers(
  { stack, observed, now }: StatusInput,
  { dataHost, newHost, left, isFirst }: Places,
): readonly FormerHost[] {
  const since = formatTime(now);
  const old = observed.relocation?.old;
  const machineID = observed.host.ok ? observed.host.value.facts.machineID : undefined;
  const leftNew = leftNewHost(stack, machineID);
  const begun = 'What was begun there is ended as soon as the stack is well.';
  const early = { state: 'Pending', left: 'BeforeData', message: begun } as const;
  const fresh: FormerHost[] =
    left === undefined ? [] : [{ ...left, since, ...(isFirst ? early : wayLeft(old)) }];
  const known = (stack.status?.formerHosts ?? []).filter((one) => one.machineID !== leftNew?.machineID);
  const present = new Set([dataHost?.machineID, newHost?.machineID, left?.machineID]);
  const kept = [...(leftNew === undefined ? [] : [{ ...leftNew, since, message: begun }]), ...known]
    .filter((one) => !present.has(one.machineID))
    .flatMap((former): readonly FormerHost[] => {
      const seen = observed.formers?.find((one) => one.former.machineID === former.machineID)?.host;
      if (former.state === 'Fenced' || seen?.ok !== true || !isLeft(former, seen.value)) return [former];
      // Nothing was begun there in the end.
      if (former.left === 'BeforeData' && seen.value.state === undefined) return [];
      return [{ ...former, state: 'Fenced', since, message: 'Stopped and marked.' }];
    });
  return bounded([...fresh, ...kept]);
}

/** How the host that the data were on until now was left. */
function wayLeft(old: RelocationLook['old'] | undefined): Pick<FormerHost, 'state' | 'message'> {
  if (old?.ok !== true || !isFenced(old.value))
    return {
      state: 'Pending',
      message: 'It has not answered yet; it is stopped and marked as soon as it does.',
    };
  if (old.value.jobs.length === 0) return { state: 'Fenced', message: 'Stopped and marked.' };
  return {
    state: 'Pending',
    message: 'Stopped and marked. A job that is left there is removed as soon as the stack is well.',
  };
}

/** One that is still to be fenced is not forgotten for its age. */
function bounded(formers: readonly FormerHost[]): readonly FormerHost[] {
  const pending = formers.filter(({ state }) => state === 'Pending').slice(0, mostPending);
  const room = Math.max(0, mostFormer - pending.length);
  const fenced = formers.filter(({ state }) => state === 'Fenced').slice(0, room);
  const kept = new Set([...pending, ...fenced]);
  return formers.filter((one) => kept.has(one));
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

function stateOf({ stack, observed, plan }: StatusInput, look: RelocationLook): Relocation['state'] {
  const { id, source, old, warm, final } = look;
  // Data of an earlier time may lie there; only this move's own mean that it is loading.
  if (observed.host.ok && (observed.host.value.state?.data?.requestUID === id || plan.step === 'Restore'))
    return 'Loading';
  // The old host is not needed any more, wherever the stack goes.
  if (!old.ok && isHandedOver(stack, look)) return 'Loading';
  if (source === 'RecoverFromBackup')
    return plan.step === 'Relocate' && plan.kind === 'Act' ? 'Fencing' : 'Preparing';
  if (old.ok && isFenced(old.value)) return 'Loading';
  if (final?.status?.phase === 'Completed') return 'Fencing';
  if (final !== undefined) return 'FinalBackup';
  if (warm?.status?.phase === 'Completed') return 'Stopping';
  return warm === undefined ? 'Preparing' : 'BackingUp';
}

/** Nothing is moved (any more): done when the stack is well where the move led, failed when it was taken back. */
function finished(input: StatusInput, dataHost: DataHost | undefined): Relocation | undefined {
  const { stack, plan, now } = input;
  const before = stack.status?.relocation;
  if (before === undefined || before.state === 'Completed' || before.state === 'Failed') return before;
  if (dataHost?.machineID !== before.toMachineID)
    return isBack(input, dataHost) ? { ...before, state: 'Failed', completionTime: formatTime(now) } : before;
  const done = plan.kind === 'Done' || (plan.kind === 'Act' && plan.step === 'CleanUp');
  if (!done) return { ...before, state: 'Starting' };
  return {
    ...before,
    state: 'Completed',
    completionTime: formatTime(now),
    downtimeSeconds: secondsBetween(before.stopTime ?? before.startTime ?? now, now),
  };
}

/**
 * The stack is to run where it came from, and may: from now on its last backup of the move is an old one. This is written before
 * anything is started there.
 */
function isBack({ observed }: StatusInput, dataHost: DataHost | undefined): boolean {
  if (!observed.host.ok) return false;
  const { facts, state } = observed.host.value;
  return facts.machineID === dataHost?.machineID && state?.moved === undefined;
}
