/** Notes what operators tell people in a world in memory: conditions and warnings, each once, without its sentence. */
import { events, type EventObject } from '../../../runtime/client/kinds.ts';
import type { Condition } from '../../../runtime/report/conditions.ts';
import type { World } from './world.ts';

/** @returns what was told so far, such as `JtelStack Stalled=True HostUnreachable`, with an example of the sentence */
export function noteTold(world: World): ReadonlyMap<string, string> {
  const told = new Map<string, string>();
  const { cluster } = world;
  const applyStatus = cluster.applyStatus.bind(cluster);
  cluster.applyStatus = async (kind, key, status, ...rest) => {
    const { conditions = [] } = status as { readonly conditions?: readonly Condition[] };
    for (const { type, status: value, reason, message } of conditions)
      told.set(`${kind.kind} ${type}=${value} ${reason}`, message);
    return await applyStatus(kind, key, status, ...rest);
  };
  const create = cluster.create.bind(cluster);
  cluster.create = async (kind, object, options) => {
    const { type, reason = '', note = '' } = object as Partial<EventObject>;
    if (kind.kind === events.kind && type === 'Warning') told.set(`Warning ${reason}`, note);
    return await create(kind, object, options);
  };
  return told;
}

/** @returns the troubles among what was told, each with its sentence, but for those that may be told */
export function troublesIn(told: ReadonlyMap<string, string>, mayTell: MayTell): readonly string[] {
  return [...told].filter(([each]) => isTrouble(each) && !mayTell(each)).map((each) => each.join(': '));
}

export type MayTell = (told: string) => boolean;

/**
 * What is told where all goes well may be told. It goes by reason, not by condition: whether a condition that passes is
 * written depends on how soon the next one comes.
 */
export function asIn(usual: Iterable<string>): MayTell {
  const reasons = new Set([...usual].map(reasonOf));
  return (told) => reasons.has(reasonOf(told));
}

function reasonOf(told: string): string {
  return told.slice(told.lastIndexOf(' ') + 1);
}

/** Failures, losses and doubts. What else is told depends on the moments of the looks. */
function isTrouble(told: string): boolean {
  return /InternalError|StatusOlderThanHost|Failed|Incomplete|RestoreWaits|DataMissing|Lost|Unreachable/.test(
    told,
  );
}
