/**
 * One look at a stack, as its planner needs it: the change log, the spec that the stack is held to (`effective.ts`), everything
 * observed for that spec, and the objects that a change asked for. Changes nothing but the change log.
 */

import {
  backupKind,
  restoreKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import type { Cluster, CallOptions } from '../../../runtime/client/cluster.ts';
import { fallback, takenBackTo, withWorkload } from '../desired/effective.ts';
import { rollbackBackup } from '../report/history.ts';
import { observe, type Gathered, type ObserveDependencies } from './observe.ts';
import { refusal } from '../plan/plan.ts';
import type { Identity } from '../model.ts';
import { currentRevisions, type Revisions } from '../desired/revisions.ts';
import { optional } from '../../../base/optional.ts';

export interface Look {
  /** The stack with the spec that it is held to. */
  readonly held: JtelStack;
  readonly gathered: Gathered;
}

export async function lookAt(
  stack: JtelStack,
  project: string,
  depth: 'quick' | 'full',
  now: Date,
  dependencies: ObserveDependencies & { readonly clusterID: string },
  options: CallOptions,
): Promise<Look> {
  if (stack.metadata.deletionTimestamp !== undefined)
    return { held: stack, gathered: await observe(stack, project, depth, dependencies, options) };
  const { cluster, clusterID } = dependencies;
  const revisions = await currentRevisions(cluster, stack, options);
  const back = takenBackTo(revisions);
  const wanted = back === undefined ? stack : withWorkload(stack, back);
  const [seen, asked] = await Promise.all([
    observe(wanted, project, depth, dependencies, options),
    askedFor(cluster, stack, revisions, options),
  ]);
  const gathered: Gathered = { ...seen, observed: { ...seen.observed, ...asked, revisions } };
  if (back !== undefined) return { held: wanted, gathered };
  const identity: Identity = { clusterID };
  const objection = refusal({ stack, observed: gathered.observed, identity, now });
  const host = seen.observed.host.ok ? seen.observed.host.value : undefined;
  const former = objection === undefined ? undefined : fallback(revisions, host?.state);
  if (objection === undefined || former === undefined) return { held: stack, gathered };
  const held = withWorkload(stack, former);
  const instead = await observe(held, project, depth, dependencies, options);
  // What cannot be rendered cannot be looked after either.
  if (instead.observed.desired === undefined) return { held: stack, gathered };
  return {
    held,
    gathered: { ...instead, observed: { ...instead.observed, ...asked, revisions, objection } },
  };
}

interface AskedFor {
  readonly updateBackup?: JtelBackup;
  readonly wayBack?: JtelRestore;
}

/** The backup and the restore that a change asked for, while they matter. */
async function askedFor(
  cluster: Cluster,
  stack: JtelStack,
  revisions: Revisions,
  options: CallOptions,
): Promise<AskedFor> {
  const { namespace } = stack.metadata;
  const { attempt, outcome } = revisions.current;
  const backupName =
    (outcome === undefined ? attempt?.backupRef : undefined) ??
    rollbackBackup(revisions, stack.status?.rollback);
  const restoreName = outcome?.result === 'RollingBack' ? outcome.restoreRef : undefined;
  const [updateBackup, wayBack] = await Promise.all([
    backupName === undefined ? undefined : cluster.find(backupKind, { namespace, name: backupName }, options),
    restoreName === undefined
      ? undefined
      : cluster.find(restoreKind, { namespace, name: restoreName }, options),
  ]);
  return {
    ...optional({ updateBackup, wayBack }),
  };
}
