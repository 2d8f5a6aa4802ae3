/** What a drill does: it asks for test restores, and removes what an ended one left on its host. */
import {
  labels,
  restoreKind,
  type DrillTest,
  type JtelBackup,
  type JtelDrill,
  type JtelRestore,
} from '../../../crds/index.ts';
import { isAlreadyExists } from '../../../runtime/client/api-error.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import type { HostClaims } from '../../hosts/claims.ts';
import { scratchProject } from '../../hosts/scratch-project.ts';
import type { Action } from '../plan/plan.ts';
import type { Gathered } from '../observe/observed.ts';

/** The backup owns it, as it owns its own test: they go together. One that is there already is taken up by the next look. */
export async function askForTest(
  cluster: Cluster,
  drill: JtelDrill,
  { namespace, stack, restore: name }: DrillTest,
  { metadata }: JtelBackup,
  options: CallOptions,
): Promise<void> {
  const { name: backup, uid } = metadata;
  const test = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelRestore',
    metadata: {
      namespace,
      name,
      labels: { [labels.stack]: stack },
      ownerReferences: [
        {
          apiVersion: 'jtel.de/v1alpha1',
          kind: 'JtelBackup',
          name: backup,
          uid,
          controller: false,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec: {
      stackRef: { name: stack },
      source: { backupRef: { name: backup } },
      mode: 'Test',
      test: { drillRef: { name: drill.metadata.name } },
    },
  };
  try {
    // The server adds the defaults and the rest of the metadata.
    await cluster.create(restoreKind, test as object as JtelRestore, options);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

export interface WipeContext {
  readonly gathered: Gathered;
  readonly clusterID: string;
  readonly claims: HostClaims;
  readonly signal: AbortSignal;
}

/** In the name of the test, whose own controller is not at work any more. Its data are its own, so nobody has to consent. */
export async function wipe(
  { test }: Action,
  { gathered: { observed, hosts }, clusterID, claims, signal }: WipeContext,
): Promise<void> {
  const host = hosts.get(test.uid ?? '');
  const remains = observed.tests.find(({ test: one }) => one.uid === test.uid)?.remains;
  if (host === undefined || remains?.is !== 'Left' || test.uid === undefined)
    throw new Error('planned to wipe what was not observed');
  const { state, facts } = remains;
  const { namespace, restore: name, uid } = test;
  const owner = { clusterID, namespace, name, uid };
  const project = scratchProject({ metadata: { uid } });
  const epoch = claims.next(uid, { host: state?.epoch });
  await claims.claim(host, project, { owner, epoch }, facts.machineID, signal);
  await host.destroy(project, claims.fence(owner, facts.machineID), signal);
  claims.forget(uid);
}
