/**
 * A drill's next step; pure. A test leaves the list only when its restore is over and its host was seen to be clean, or when it
 * never began. Only then another one gets its place.
 */
import { annotations, type DrillTest, type JtelDrill } from '../../../crds/index.ts';
import { isEnded, isOver, type Observed, type SeenTest } from '../observe/observed.ts';
import { inOrder, standings, type Standing } from './candidates.ts';
import { begin } from './places.ts';

/** Removes what an ended test left on its host. */
export interface Action {
  readonly type: 'WipeTest';
  readonly cause: 'Left';
  readonly test: DrillTest;
}

export interface DrillPlan {
  readonly standings: readonly Standing[];
  /** All that were begun and are not proven to be over, new ones too. */
  readonly tests: readonly DrillTest[];
  /** Of them, those whose JtelRestore is still to be created. */
  readonly wanted: readonly DrillTest[];
  /** How long those took that have ended now, in seconds. */
  readonly doneSeconds: readonly number[];
  readonly tooBig: readonly Standing[];
  readonly wave: readonly Action[];
  /** Deleted, and nothing of it is left. */
  readonly isLetGo: boolean;
}

export function plan(drill: JtelDrill, { members, hosts, tests }: Observed, now: Date): DrillPlan {
  const isDeleted = drill.metadata.deletionTimestamp !== undefined;
  const all = standings(drill, members, now);
  const kept = tests.filter((one) => !isLeaving(one, drill, isDeleted));
  const running = kept.map(withUID);
  const candidates = inOrder(all).filter(({ stack: { metadata } }) =>
    running.every((test) => test.namespace !== metadata.namespace || test.stack !== metadata.name),
  );
  const mayBegin = !isDeleted && drill.spec.state === 'Active';
  const begun = begin(mayBegin ? candidates : [], hosts, running, now);
  const next = [...running, ...begun.tests];
  return {
    standings: all,
    tests: next,
    wanted: isDeleted
      ? []
      : [
          ...kept.filter(({ restore, test }) => restore === undefined && test.uid === undefined),
          ...begun.tests.map((test) => ({ test })),
        ].map(({ test }) => test),
    doneSeconds: tests.filter((one) => !kept.includes(one)).flatMap((one) => secondsOf(one, now)),
    tooBig: begun.tooBig,
    wave: kept.flatMap((one): readonly Action[] =>
      one.remains?.is === 'Left' ? [{ type: 'WipeTest', cause: 'Left', test: one.test }] : [],
    ),
    isLetGo: isDeleted && next.length === 0,
  };
}

function isLeaving(seen: SeenTest, drill: JtelDrill, isDeleted: boolean): boolean {
  const { test, restore, backup, remains } = seen;
  // Nobody may begin without a uid in the list, so there is nothing on a host.
  if (restore === undefined && test.uid === undefined) return isDeleted || backup === undefined;
  if (!isEnded(seen, drill.metadata.name)) return false;
  if (remains?.is === 'Clean' || remains?.is === 'Gone') return true;
  return test.uid === undefined || drill.metadata.annotations?.[annotations.abandonHost] === 'true';
}

function withUID({ test, restore }: SeenTest): DrillTest {
  return test.uid !== undefined || restore === undefined ? test : { ...test, uid: restore.metadata.uid };
}

/** Of one that was tested by this drill, and not before. */
function secondsOf({ test, restore }: SeenTest, now: Date): readonly number[] {
  if (restore === undefined || restore.metadata.uid !== test.uid || !isOver(restore)) return [];
  return [Math.max(1, Math.round((now.getTime() - Date.parse(test.startTime)) / 1000))];
}
