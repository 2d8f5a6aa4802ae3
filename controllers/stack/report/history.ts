/** The story of a stack's specs for `status.history`, `status.revision` and `status.rollback`, from its revisions. Pure. */

import type { JtelStackStatus } from '../../../crds/index.ts';
import type { Revision, Revisions } from '../desired/revisions.ts';
import { optional } from '../../../base/optional.ts';

type HistoryEntry = NonNullable<JtelStackStatus['history']>[number];

const longestHistory = 10;

/**
 * Newest first, in the order in which they were told: clocks are set back, too. What was told before stays told, also when its
 * revision was pruned or tried again since.
 * @param previous `status.history` as it stands.
 */
export function historyOf(
  previous: readonly HistoryEntry[] | undefined,
  revisions: Revisions,
): readonly HistoryEntry[] {
  const entries = revisions.all.flatMap((revision) => entriesOf(revision, revisions)).toReversed();
  const now = new Map(entries.map((entry) => [idOf(entry), entry]));
  const told = (previous ?? []).map((entry) => now.get(idOf(entry)) ?? entry);
  const known = new Set(told.map(idOf));
  const newest = entries.findIndex((entry) => known.has(idOf(entry)));
  // What is older than one that was told is there as well, or was too old to be kept.
  const fresh = newest < 0 ? entries : entries.slice(0, newest);
  return [...fresh, ...told].slice(0, longestHistory);
}

/** Number of the revision whose containers were applied last and became healthy. */
export function appliedRevision({ current, good }: Revisions): number | undefined {
  return current.outcome?.result === 'RolledBack' ? current.outcome.backTo : good?.number;
}

function entriesOf(revision: Revision, { all, current }: Revisions): readonly HistoryEntry[] {
  const { attempt, outcome, spec, number } = revision;
  const about = {
    revision: number,
    version: spec.version,
    action: attempt?.action ?? 'Configure',
    startTime: attempt?.startTime ?? outcome?.time ?? revision.time,
    ...optional({ sourceRevision: revision.sourceRevision }),
    ...(outcome?.message === undefined ? {} : { message: outcome.message.slice(0, 1024) }),
  };
  if (outcome === undefined) {
    // Overtaken by a newer spec before it was through.
    if (attempt === undefined || number === current.number) return [];
    const next = all.find((one) => one.number > number);
    // It has no time before it is recorded.
    if (next?.isNew === true) return [];
    return [{ ...about, result: 'Superseded', completionTime: next?.time ?? attempt.startTime }];
  }
  const downtime = outcome.downtimeSeconds === undefined ? {} : { downtimeSeconds: outcome.downtimeSeconds };
  switch (outcome.result) {
    case 'Succeeded':
      return [{ ...about, result: 'Succeeded', completionTime: outcome.time, ...downtime }];
    case 'Held':
    case 'RollingBack':
      return [{ ...about, result: 'Failed', completionTime: outcome.time }];
    case 'RolledBack': {
      const back = all.find((one) => one.number === outcome.backTo);
      const { message: _message, ...plain } = about;
      return [
        { ...about, result: 'RolledBack', completionTime: outcome.time },
        {
          ...plain,
          revision: outcome.backTo ?? number,
          version: back?.spec.version ?? attempt?.from?.version ?? spec.version,
          action: 'Rollback',
          result: 'Succeeded',
          startTime: outcome.time,
          completionTime: outcome.backTime ?? outcome.time,
          ...downtime,
        },
      ];
    }
  }
}

function idOf({ revision, action, startTime }: HistoryEntry): string {
  return `${revision} ${action} ${startTime}`;
}
