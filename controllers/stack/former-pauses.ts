/**
 * When former hosts that are still to be fenced are asked. One that is lost may stay so for ever; asking it
 * takes seconds, and must neither slow the stack's own looks nor make them frequent. Pure.
 */
import type { JtelStack } from '../../crds/index.ts';
import { hasWaited } from '../hosts/away.ts';
import { unreachablePause } from '../times/pauses.ts';
import type { FormerLook } from './relocation.ts';

/** A former host that does not answer; Unix milliseconds. */
interface Away {
  readonly since: number;
  readonly dueTime: number;
}

/** By machine-id. */
export type AwayFormers = ReadonlyMap<string, Away>;

/** Between looks at former hosts that answer, or refuse. */
const usualSeconds = 20;
/** Nobody waits for a former host: whatever is due sooner does not make looks frequent. */
const leastSeconds = 10;

export function isFormerDue(away: AwayFormers | undefined, machineID: string, now: Date): boolean {
  return (away?.get(machineID)?.dueTime ?? 0) <= now.getTime();
}

/** @param looks at those that were due @returns who is away after them, of those that are still to be fenced */
export function awayFormersAfter(
  before: AwayFormers = new Map(),
  looks: readonly FormerLook[] = [],
  { object, now }: { readonly object: Pick<JtelStack, 'status'>; readonly now: Date },
): AwayFormers {
  const pending = new Set(pendingFormers(object).map(({ machineID }) => machineID));
  const after = new Map([...before].filter(([machineID]) => pending.has(machineID)));
  for (const { former, host } of looks) {
    const time = now.getTime();
    const known = after.get(former.machineID)?.since;
    after.delete(former.machineID);
    // Nobody asked it, so one that was away is taken to be so still.
    const isUnasked = !host.ok && host.reason === 'NotChecked' && known !== undefined;
    if (host.ok || (!hasWaited(host.reason) && !isUnasked)) continue;
    const since = known ?? time;
    const dueTime = time + unreachablePause((time - since) / 1000) * 1000;
    after.set(former.machineID, { since, dueTime });
  }
  return after;
}

/**
 * Seconds until the next look at a former host; undefined if none is to be looked at. One that was due and
 * not asked could not be asked, so no look is made for its sake: it is asked by the next one that can.
 * @param looks the last ones @param away who is away after them
 */
export function nextFormerLook(
  stack: Pick<JtelStack, 'status'>,
  looks: readonly FormerLook[] = [],
  away: AwayFormers,
  now: Date,
): number | undefined {
  const asked = new Set(looks.map(({ former }) => former.machineID));
  const pauses = pendingFormers(stack).flatMap(({ machineID }) => {
    const one = away.get(machineID);
    if (one === undefined) return asked.has(machineID) ? [usualSeconds] : [];
    const seconds = (one.dueTime - now.getTime()) / 1000;
    return seconds > 0 ? [Math.max(leastSeconds, seconds)] : [];
  });
  return pauses.length === 0 ? undefined : Math.min(...pauses);
}

function pendingFormers({ status }: Pick<JtelStack, 'status'>): readonly FormerLook['former'][] {
  return (status?.formerHosts ?? []).filter(({ state }) => state === 'Pending');
}
