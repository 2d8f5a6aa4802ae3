/**
 * The change log of a stack: every spec that was accepted becomes a ControllerRevision that the stack owns, `<stack>-<number>`.
 * What came of it is noted on it as annotations, so that it outlives the process and even the status: when work on it began
 * (`attempt`) and how it ended (`outcome`). The way back, the history and the effective spec all follow from these.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  annotations,
  labels,
  stackKind,
  type JtelStack,
  type JtelStackSpec,
  type Reason,
} from '../../../crds/index.ts';
import { apiVersionOf, controllerRevisions, type ControllerRevision } from '../../../runtime/client/kinds.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { optional } from '../../../base/optional.ts';

/** What kind of change a revision is to the one before it. */
export type ChangeKind = 'Install' | 'Update' | 'Configure' | 'Restore';

/** Work on a revision began. */
export interface Attempt {
  readonly action: ChangeKind;
  /** RFC 3339. */
  readonly startTime: string;
  /** What runs until then, and what an update goes back to; absent for a first installation. */
  readonly from?: { readonly revision: number; readonly version: string };
  /** Name of the JtelBackup that must be complete before anything is changed. */
  readonly backupRef?: string;
  /** When everything was healthy first; the monitor window may still go on. */
  readonly healthyTime?: string;
  /** Why the change failed; what follows from it is decided on a fresh look at the host. */
  readonly failure?: { readonly reason: Reason; readonly message: string; readonly time: string };
}

/** How it ended. `RollingBack` and `Held` say what follows a failure. */
export interface RevisionOutcome {
  readonly result: 'Succeeded' | 'RollingBack' | 'RolledBack' | 'Held';
  /** RFC 3339: when it succeeded or failed. */
  readonly time: string;
  readonly reason?: Reason;
  readonly message?: string;
  /** With Succeeded: digest of the rendered release, which stays on the host for as long as one may go back to it. */
  readonly digest?: string;
  /** When the first container was stopped; of an update. */
  readonly stopTime?: string;
  /** From the first container stopped to all healthy again; of an update, or of the way back. */
  readonly downtimeSeconds?: number;
  /** With RollingBack and RolledBack: the revision whose release runs instead. */
  readonly backTo?: number;
  /** Name of the JtelRestore that brings the data back; absent when the data were not touched. */
  readonly restoreRef?: string;
  /** With RolledBack: when the previous release was healthy again. */
  readonly backTime?: string;
}

/** A step of the work on a revision; it ends where the next begins. */
export interface RecordedStep {
  /** Of the plan, or what its wave works on for longer. */
  readonly step: string;
  /** RFC 3339: when it was first observed. */
  readonly time: string;
}

export interface Revision {
  readonly name: string;
  /** Counts up by one with every accepted spec. */
  readonly number: number;
  readonly spec: JtelStackSpec;
  /** RFC 3339. */
  readonly time: string;
  readonly sourceRevision?: string;
  /** Program that wrote the spec (`kubectl-client-side-apply`, a GitOps controller …): who it is, only the audit log knows. */
  readonly changedBy?: string;
  /** Value of the annotation `jtel.de/retry` when it was recorded: another value makes a new revision of the same spec. */
  readonly retry?: string;
  readonly attempt?: Attempt;
  readonly outcome?: RevisionOutcome;
  /** In order. */
  readonly steps?: readonly RecordedStep[];
  /** Not recorded yet. */
  readonly isNew?: true;
}

/** All revisions of one stack that are kept, oldest first. */
export interface Revisions {
  readonly all: readonly Revision[];
  /** That of the spec as it is now. */
  readonly current: Revision;
  /** The newest that became healthy, also if it is the current one; what a relocation, a way back and a failed change go by. */
  readonly good?: Revision;
}

const attemptAnnotation = 'jtel.de/attempt';
const outcomeAnnotation = 'jtel.de/outcome';
const stepsAnnotation = 'jtel.de/steps';
const changedByAnnotation = 'jtel.de/changed-by';

/** Of the spec as it is now that of the change log, or a new one that is still to be recorded. */
export function revisionsWith(
  stack: JtelStack,
  objects: readonly ControllerRevision[],
  now: Date,
): Revisions {
  const known = revisionsOf(stack, objects);
  const newest = known.at(-1);
  const retry = stack.metadata.annotations?.[annotations.retry];
  if (newest !== undefined && newest.retry === retry && isDeepStrictEqual(newest.spec, stack.spec))
    return grouped(known, newest);
  // Those of a former object of the same name may still lie there: their names are taken.
  const number = Math.max(0, ...objects.map(({ revision }) => revision)) + 1;
  const [added] = revisionsOf(stack, [toObject(stack, number, retry)]);
  if (added === undefined) throw new Error(`revision ${number} does not belong to its own stack`);
  const current: Revision = { ...added, time: formatTime(now), isNew: true };
  return grouped([...known, current], current);
}

/** Revisions of exactly this object, oldest first; for readers such as the command line. */
export function revisionsOf(stack: JtelStack, objects: readonly ControllerRevision[]): readonly Revision[] {
  return objects
    .filter(
      ({ metadata }) => metadata?.ownerReferences?.some(({ uid }) => uid === stack.metadata.uid) === true,
    )
    .map(toRevision)
    .toSorted((a, b) => a.number - b.number);
}

/** What is noted on a revision after it was recorded. */
export type RevisionNote = Pick<Revision, 'attempt' | 'outcome' | 'steps'>;

/** What is noted on a revision, as its annotations. */
export function noteAnnotations({ attempt, outcome, steps }: RevisionNote): Readonly<Record<string, string>> {
  return {
    ...(attempt === undefined ? {} : { [attemptAnnotation]: JSON.stringify(attempt) }),
    ...(outcome === undefined ? {} : { [outcomeAnnotation]: JSON.stringify(outcome) }),
    ...(steps === undefined ? {} : { [stepsAnnotation]: JSON.stringify(steps) }),
  };
}

/** Which revisions nobody needs any more: beyond the limit, and neither the current one nor one to go back to. */
export function outdatedRevisions({ all, current, good }: Revisions, limit: number): readonly string[] {
  const way = new Set([
    current.number,
    good?.number,
    current.attempt?.from?.revision,
    current.outcome?.backTo,
    good?.attempt?.from?.revision,
  ]);
  const old = all.filter(({ number }) => number !== current.number);
  return old
    .slice(0, Math.max(0, old.length - limit))
    .filter(({ number }) => !way.has(number))
    .map(({ name }) => name);
}

function grouped(all: readonly Revision[], current: Revision): Revisions {
  const good = all.findLast(({ outcome }) => outcome?.result === 'Succeeded');
  return { all, current, ...optional({ good }) };
}

/** The object that records a spec of the stack. */
export function toObject(stack: JtelStack, number: number, retry: string | undefined): ControllerRevision {
  const { name, namespace, uid } = stack.metadata;
  const sourceRevision = stack.metadata.annotations?.[annotations.sourceRevision];
  const changedBy = lastWriter(stack);
  return {
    apiVersion: apiVersionOf(controllerRevisions),
    kind: controllerRevisions.kind,
    metadata: {
      name: `${name}-${number}`,
      namespace,
      labels: { [labels.stack]: name },
      annotations: {
        ...(sourceRevision === undefined ? {} : { [annotations.sourceRevision]: sourceRevision }),
        ...(changedBy === undefined ? {} : { [changedByAnnotation]: changedBy }),
        ...(retry === undefined ? {} : { [annotations.retry]: retry }),
      },
      ownerReferences: [
        {
          apiVersion: apiVersionOf(stackKind),
          kind: stackKind.kind,
          name,
          uid,
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    revision: number,
    data: { spec: stack.spec },
  };
}

/** Of those who own fields of the spec the one who wrote last. */
function lastWriter({ metadata }: JtelStack): string | undefined {
  const writers = (metadata.managedFields ?? []).filter(
    ({ subresource, fieldsV1 }) => subresource === undefined && fieldsV1?.['f:spec'] !== undefined,
  );
  return writers.toSorted((a, b) => Date.parse(b.time ?? '') - Date.parse(a.time ?? ''))[0]?.manager;
}

function toRevision({ metadata, revision, data }: ControllerRevision): Revision {
  const noted = metadata?.annotations ?? {};
  const sourceRevision = noted[annotations.sourceRevision];
  const changedBy = noted[changedByAnnotation];
  const retry = noted[annotations.retry];
  const attempt = parsed<Attempt>(noted[attemptAnnotation]);
  const outcome = parsed<RevisionOutcome>(noted[outcomeAnnotation]);
  const steps = stepsIn(parsed<readonly unknown[]>(noted[stepsAnnotation]));
  return {
    name: metadata?.name ?? '',
    number: revision,
    spec: (data as { readonly spec: JtelStackSpec }).spec,
    time: metadata?.creationTimestamp ?? '',
    ...optional({ sourceRevision, changedBy, retry, attempt, outcome, steps }),
  };
}

function stepsIn(noted: unknown): readonly RecordedStep[] | undefined {
  if (!Array.isArray(noted)) return undefined;
  return noted.filter(
    (one: Partial<RecordedStep> | null): one is RecordedStep =>
      typeof one?.step === 'string' && !Number.isNaN(Date.parse(one.time ?? '')),
  );
}

/** What somebody wrote by hand and cannot be read counts as not there. */
function parsed<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
