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

export function isFormerDue(away: AwayFormers | undefined, machineID: string, now: Date): boolean {
  return (away?.get(machineID)?.dueTime ?? 0) <= now.getTime();
}

/** @param looks at those that were due @returns who is away after them */
export function awayFormersAfter(
  before: AwayFormers | undefined,
  looks: readonly FormerLook[] = [],
  now: Date,
): AwayFormers {
  const after = new Map(before);
  for (const { former, host } of looks) {
    after.delete(former.machineID);
    if (host.ok || !hasWaited(host.reason)) continue;
    const time = now.getTime();
    const since = before?.get(former.machineID)?.since ?? time;
    const dueTime = time + unreachablePause((time - since) / 1000) * 1000;
    after.set(former.machineID, { since, dueTime });
  }
  return after;
}

/**
 * Seconds until the next look at a former host; undefined if none is to be looked at.
 * @param looks the last ones @param away who is away after them
 */
export function nextFormerLook(
  { status }: Pick<JtelStack, 'status'>,
  looks: readonly FormerLook[] = [],
  away: AwayFormers,
  now: Date,
): number | undefined {
  const asked = new Set(looks.map(({ former }) => former.machineID));
  const pauses = (status?.formerHosts ?? []).flatMap(({ state, machineID }) => {
    const one = away.get(machineID);
    if (state !== 'Pending' || (one === undefined && !asked.has(machineID))) return [];
    return [one === undefined ? usualSeconds : Math.max(0, (one.dueTime - now.getTime()) / 1000)];
  });
  return pauses.length === 0 ? undefined : Math.min(...pauses);
}
