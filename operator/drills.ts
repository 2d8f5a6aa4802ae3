/**
 * Drills: their controller, and which tests a change of one wakes. A drill has stacks of all namespaces, so the leader of one
 * shard looks after all drills, over the stacks of all shards. The tests belong to the shards of their stacks.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  drillKind,
  type JtelBackup,
  type JtelDrill,
  type JtelRestore,
  type JtelStack,
} from '../crds/index.ts';
import { drillReconciler } from '../controllers/drill/index.ts';
import type { HostDriver } from '../host-driver/host.ts';
import {
  Activities,
  Controller,
  Quarantine,
  watching,
  type Change,
  type Cluster,
  type ObjectKey,
} from '../runtime/index.ts';
import type { Wake } from '../runtime/control/controller.ts';
import type { Caches } from './caches.ts';
import type { FleetParts, SharedParts } from './fleet-parts.ts';

const drillWorkers = 2;

/** What of the operator's parts the drills need. */
export interface DrillParts extends FleetParts {
  readonly cluster: Cluster;
  readonly driver: HostDriver;
  readonly clusterID: string;
  readonly mayAct: () => boolean;
}

/** Runs until the signal aborts and everything that was started has ended. */
export async function runDrills(
  parts: DrillParts,
  { common, aside }: SharedParts<JtelDrill>,
  signal: AbortSignal,
): Promise<void> {
  const { caches, leadsChannels = true } = parts;
  const { drills } = caches;
  if (drills === undefined || !leadsChannels) return;
  const { stacks, backups, restores } = parts.whole ?? caches;
  const ofStack = ({ metadata, spec }: JtelBackup | JtelRestore): readonly string[] => [
    `${metadata.namespace}/${spec.stackRef.name}`,
  ];
  const [backupsOfStack, restoresOfStack] = [backups.index(ofStack), restores.index(ofStack)];
  const id = ({ metadata }: JtelStack): string => `${metadata.namespace}/${metadata.name}`;
  const all = (): readonly ObjectKey[] =>
    drills.list().map(({ metadata: { name } }) => ({ namespace: '', name }));
  const activities = new Activities<never>({ enqueue: (key) => controller.enqueue(key), ...common });
  const controller: Controller<JtelDrill> = new Controller<JtelDrill>({
    ...common,
    name: 'drill',
    store: drills,
    workers: drillWorkers,
    quarantine: new Quarantine({ ...aside, kind: drillKind, store: drills }),
    wakes: [
      watching(backups, all, { matters: hasEnded }),
      watching(restores, all, { matters: hasEnded }),
      watching(stacks, all, { matters: stackMatters }),
    ],
    reconciler: drillReconciler({
      ...parts,
      activities,
      stacks: () => stacks.list(),
      drills: () => drills.list(),
      backupsOf: (stack) => backupsOfStack.get(id(stack)),
      restoresOf: (stack) => restoresOfStack.get(id(stack)),
      backup: (namespace, name) => backups.get({ namespace, name }),
    }),
  });
  try {
    await controller.run(signal);
  } finally {
    await activities.close();
  }
}

function hasEnded({ type, object, previous }: Change<JtelBackup | JtelRestore>): boolean {
  const { phase } = object.status ?? {};
  return (
    type === 'Deleted' || ((phase === 'Completed' || phase === 'Failed') && previous?.status?.phase !== phase)
  );
}

/** Whether a drill selects it, and whose host it has. */
function stackMatters({ type, object, previous }: Change<JtelStack>): boolean {
  return type !== 'Modified' || !isDeepStrictEqual(readOf(object), previous && readOf(previous));
}

function readOf({ metadata, spec, status }: JtelStack): unknown {
  const { uid, labels, deletionTimestamp } = metadata;
  return [uid, labels, deletionTimestamp, spec.host, status?.backup?.lastRestoreTestTime];
}

/** Wakes the tests that a drill has taken up, those of this shard. */
export function testsOfDrills({ drills, restores }: Caches): readonly Wake[] {
  if (drills === undefined) return [];
  return [
    watching(drills, ({ status }) =>
      (status?.tests ?? [])
        .filter(({ uid }) => uid !== undefined)
        .map(({ namespace, restore: name }) => ({ namespace, name }))
        .filter((key) => restores.get(key) !== undefined),
    ),
  ];
}
