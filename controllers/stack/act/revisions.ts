/** Writes the change log of a stack. */

import { isDeepStrictEqual } from 'node:util';
import type { JtelStack } from '../../../crds/index.ts';
import { ApiError, isAlreadyExists } from '../../../runtime/client/api-error.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { formatKey } from '../../../runtime/objects.ts';
import { InputError } from '../../inputs/input-error.ts';
import { controllerRevisions } from '../../../runtime/client/kinds.ts';
import {
  noteAnnotations,
  revisionsOf,
  toObject,
  type RecordedStep,
  type Revision,
  type RevisionNote,
} from '../desired/revisions.ts';

/** One that is there already, of the same spec, is success. */
export async function recordRevision(
  cluster: Cluster,
  stack: JtelStack,
  { name, number, spec, retry }: Revision,
  options: CallOptions,
): Promise<void> {
  const { namespace } = stack.metadata;
  try {
    await cluster.create(controllerRevisions, toObject({ ...stack, spec }, number, retry), options);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const live = await cluster.find(controllerRevisions, { namespace, name }, options);
    const [there] = live === undefined ? [] : revisionsOf(stack, [live]);
    if (live !== undefined && there === undefined)
      throw new InputError(
        'NameTaken',
        `ControllerRevision ${namespace}/${name} has the name of the next revision of this stack, and belongs to somebody else: ` +
          'it is neither used nor changed. Delete it, or give it another name.',
      );
    if (there !== undefined && there.retry === retry && isDeepStrictEqual(there.spec, spec)) return;
    throw new ApiError(
      409,
      'Conflict',
      `revision ${number} of ${namespace}/${stack.metadata.name} was recorded by another process`,
      { cause: error },
    );
  }
}

/** Notes on a revision how work on it stands; refused (409) when somebody else did so meanwhile. */
export async function noteOnRevision(
  cluster: Cluster,
  stack: JtelStack,
  { name }: Revision,
  note: RevisionNote,
  options: CallOptions,
): Promise<void> {
  const key = { namespace: stack.metadata.namespace, name };
  const live = await cluster.get(controllerRevisions, key, options);
  if (revisionsOf(stack, [live]).length === 0)
    throw new ApiError(409, 'Conflict', `ControllerRevision ${formatKey(key)} is another one by now`);
  await cluster.patchAnnotations(controllerRevisions, live, noteAnnotations(note), options);
}

/** Notes the steps. They are for people only: when they cannot be written, the next look tries again. */
export async function noteSteps(
  cluster: Cluster,
  stack: JtelStack,
  revision: Revision,
  steps: readonly RecordedStep[],
  options: CallOptions,
): Promise<void> {
  try {
    await noteOnRevision(cluster, stack, revision, { steps }, options);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

export async function removeRevisions(
  cluster: Cluster,
  stack: JtelStack,
  names: readonly string[],
  options: CallOptions,
): Promise<void> {
  for (const name of names) {
    const key = { namespace: stack.metadata.namespace, name };
    const live = await cluster.find(controllerRevisions, key, options);
    if (live === undefined || revisionsOf(stack, [live]).length === 0) continue;
    await cluster.delete(controllerRevisions, key, { uid: live.metadata?.uid ?? '' }, options);
  }
}
