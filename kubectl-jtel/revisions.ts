/** The recorded specs of a stack, as commands name them: by number, or `current` for the present spec. */
import type { JtelStack, JtelStackSpec } from '../crds/index.ts';
import { listRevisions, type Revision, revisionsOf } from '../controllers/stack/index.ts';
import { CommandError, UsageError } from '../command-line/terminal.ts';
import type { Kit } from './kit.ts';
import { age } from '../base/time.ts';

/** Oldest first. */
export async function readRevisions(kit: Kit, stack: JtelStack): Promise<readonly Revision[]> {
  return revisionsOf(stack, await listRevisions(kit.cluster, stack, kit.call));
}

/** A spec with a title for people. */
export interface NamedSpec {
  readonly title: string;
  readonly spec: JtelStackSpec;
  /** Absent for a spec that is not recorded (yet). */
  readonly revision?: Revision;
}

export function currentSpec(stack: JtelStack): NamedSpec {
  return { title: `${stack.metadata.name}: current spec (${stack.spec.version})`, spec: stack.spec };
}

export function specOf(stack: JtelStack, revision: Revision, now: Date): NamedSpec {
  const when = age(revision.time, now);
  return {
    title: `${stack.metadata.name}: revision ${revision.number} (${revision.spec.version}${when === '' ? '' : `, ${when} ago`})`,
    spec: revision.spec,
    revision,
  };
}

/** @throws UsageError if it is not a number; CommandError that names the existing revisions. */
export function findSpec(
  stack: JtelStack,
  revisions: readonly Revision[],
  wanted: string,
  now: Date,
): NamedSpec {
  return wanted === 'current'
    ? currentSpec(stack)
    : specOf(stack, findRecorded(stack, revisions, wanted), now);
}

/** @throws UsageError if it is not a number; CommandError that names the existing revisions. */
export function findRecorded(stack: JtelStack, revisions: readonly Revision[], wanted: string): Revision {
  if (!/^\d{1,15}$/.test(wanted))
    throw new UsageError(
      `${JSON.stringify(wanted.slice(0, 40))} is not a revision: give a number, or "current" for the present spec`,
    );
  const found = revisions.find(({ number }) => number === Number(wanted));
  if (found !== undefined) return found;
  const there = revisions.map(({ number }) => number).join(', ');
  throw new CommandError(
    `${stack.metadata.name} has no revision ${wanted}${there === '' ? ' recorded' : `; it has ${there}`} (spec.revisionHistoryLimit decides how many are kept)`,
  );
}
