/**
 * How far an import is: the old database is pulled while the old installation works, then waits for its people to
 * stop that, then is finished. Only the job that finishes makes data that count.
 */

import { annotations, type JtelStack } from '../../../../crds/index.ts';
import type { ObservedJob } from '../../../../host-driver/host.ts';
import { formatTime } from '../../../../runtime/report/conditions.ts';
import { importedFrom } from '../../../inputs/import-source.ts';
import { importJobUID } from '../../../loading/import-job.ts';
import { loadJobUID } from '../../../loading/restore-orders.ts';
import type { Action } from '../../actions.ts';
import type { DataSource, PlanInput, Verdict } from '../../model.ts';
import { optional } from '../../../../base/optional.ts';

const longestWaitSeconds = 300;

export type ImportStep =
  | { readonly phase: 'Pull' | 'Finish'; readonly jobUID: string; readonly input: PlanInput }
  | { readonly phase: 'Wait'; readonly verdict: Verdict };

export function importStep(input: PlanInput, source: DataSource): ImportStep {
  const { stack, observed, now } = input;
  const { pull, finish } = importJobs(stack);
  const report = observed.load;
  if (report?.job.uid === finish) return { phase: 'Finish', jobUID: finish, input };
  if (report?.job.state !== 'Succeeded') return { phase: 'Pull', jobUID: pull, input };
  const leftSeconds = secondsLeft(stack, pullTime(report.job), now);
  if (leftSeconds <= 0) {
    // Its own job was not started yet.
    const { load: _pulled, ...rest } = observed;
    return { phase: 'Finish', jobUID: finish, input: { ...input, observed: rest } };
  }
  const { namespace, name } = stack.metadata;
  const finishAt = stack.spec.initialData.import?.finishAt;
  return {
    phase: 'Wait',
    verdict: {
      kind: 'Wait',
      step: 'Data',
      reason: 'ImportWaits',
      facts: {
        is: 'ImportWaits',
        source: source.source,
        stack: { namespace, name },
        ...optional({ finishAt }),
      },
      afterSeconds: Math.min(longestWaitSeconds, Math.ceil(leftSeconds)),
    },
  };
}

/** Names of the jobs that import what the spec says now. */
export function importJobs({ metadata, spec }: JtelStack): {
  readonly pull: string;
  readonly finish: string;
} {
  const from = importedFrom(spec);
  return {
    pull: importJobUID(metadata.uid, 'Pull', from),
    finish: importJobUID(metadata.uid, 'Finish', from),
  };
}

/** When the job that pulled had ended: the name of what people looked at before they say that it may be finished. */
export function pullTime({ finishedSeconds = 0 }: ObservedJob): string {
  return formatTime(new Date(finishedSeconds * 1000));
}

/** Until the import may be finished; 0 or less: now. */
function secondsLeft({ metadata, spec }: JtelStack, pulled: string, now: Date): number {
  if (metadata.annotations?.[annotations.finishImport] === pulled) return 0;
  const finishAt = spec.initialData.import?.finishAt;
  return finishAt === undefined ? Infinity : (Date.parse(finishAt) - now.getTime()) / 1000;
}

/** Jobs that load from what the spec said before. They must have ended before anything else loads. */
export function jobsOfAnotherSource({ stack, observed }: PlanInput, source: DataSource): readonly Action[] {
  const { pull, finish } = importJobs(stack);
  const own: readonly string[] = source.kind === 'Import' ? [pull, finish] : [loadJobUID(stack.metadata.uid)];
  const jobs = observed.host.ok ? observed.host.value.jobs : [];
  return jobs
    .filter(
      ({ type, uid }) => (type === 'import' || uid === loadJobUID(stack.metadata.uid)) && !own.includes(uid),
    )
    .map((job) => ({ type: 'RemoveJob', uid: job.uid, cause: 'SourceChanged' }));
}
