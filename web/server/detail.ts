/** Reads everything about one stack, as far as the viewer may see it. Each part needs its own right. */
import { listRevisions, revisionsOf } from '../../controllers/stack/index.ts';
import type { JtelBackup, JtelBackupStore } from '../../crds/index.ts';
import { isForbidden } from '../../runtime/client/api-error.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import { events as eventKind } from '../../runtime/client/kinds.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import type { StackDetail } from '../protocol.ts';
import type { Fleet, FleetSource } from './fleet.ts';
import { stackDetail, type Read } from './rows/detail.ts';
import type { DetailKind, ListedKind, Viewer } from './viewer.ts';

export interface DetailPlace {
  readonly fleet: Fleet;
  readonly source: FleetSource;
  readonly cluster: Cluster;
  readonly planAbsent?: string;
  /** For commands to copy: absent if a person is to use the current context. */
  readonly commandContext?: string | undefined;
}

/** @returns undefined if there is no such stack, or this viewer may not see it */
export async function readDetail(
  place: DetailPlace,
  viewer: Viewer,
  key: ObjectKey,
  now: Date,
  signal: AbortSignal,
): Promise<StackDetail | undefined> {
  const { fleet, source, cluster, ...others } = place;
  const { namespace, name } = key;
  const stack = viewer.sees(namespace, 'stacks') ? source.stacks.get(key) : undefined;
  if (stack === undefined) return undefined;
  const requests = fleet.requestsOf(source, stack);
  const listed = <T>(what: ListedKind, objects: readonly T[]): Read<T> =>
    viewer.sees(namespace, what) && source.reads(namespace, what) ? objects : absence(what, namespace);
  const asked = async <T>(what: DetailKind, read: () => Promise<readonly T[]>): Promise<Read<T>> => {
    if (!(await viewer.mayRead(namespace, what, signal))) return absence(what, namespace);
    try {
      return await read();
    } catch (error) {
      if (isForbidden(error)) return absence(what, namespace);
      throw error;
    }
  };
  const [revisions, events] = await Promise.all([
    asked('controllerrevisions', async () =>
      revisionsOf(stack, await listRevisions(cluster, stack, { signal })),
    ),
    asked('events', () =>
      cluster.list(
        eventKind,
        { namespace, fieldSelector: `regarding.kind=JtelStack,regarding.name=${name}` },
        { signal },
      ),
    ),
  ]);
  return stackDetail(
    {
      ...others,
      context: source.context,
      stack,
      backups: listed('backups', requests.backups),
      restores: listed('restores', requests.restores),
      stores: listed('stores', storesOf(source, requests.backups)),
      revisions,
      events,
    },
    now,
  );
}

/** Those that backups name. */
function storesOf({ stores }: FleetSource, backups: readonly JtelBackup[]): readonly JtelBackupStore[] {
  const names = new Map(
    backups.flatMap(({ metadata: { namespace }, spec, status }) => {
      const name = status?.storeRef?.name ?? spec.storeRef?.name;
      return name === undefined ? [] : [[name, namespace] as const];
    }),
  );
  return [...names].flatMap(([name, namespace]) => stores.get({ namespace, name }) ?? []);
}

const resources: Readonly<Record<ListedKind | DetailKind, string>> = {
  stacks: 'jtelstacks',
  stores: 'jtelbackupstores',
  backups: 'jtelbackups',
  restores: 'jtelrestores',
  controllerrevisions: 'controllerrevisions',
  events: 'events',
};

export interface Resource {
  readonly group: string;
  readonly resource: string;
}

/**
 * Whether somebody may list a kind. Events are the same in two API groups; older versions of Kubernetes have
 * only the older one in the role `view`, so either is enough.
 * @param isAllowed asks the API server
 */
export async function mayListKind(
  what: ListedKind | DetailKind,
  isAllowed: (resource: Resource) => Promise<boolean>,
): Promise<boolean> {
  const groups =
    what === 'events' ? ['events.k8s.io', ''] : [what === 'controllerrevisions' ? 'apps' : 'jtel.de'];
  for (const group of groups) if (await isAllowed({ group, resource: resources[what] })) return true;
  return false;
}

/** A sentence; without a namespace about all of them. */
export function absence(what: ListedKind | DetailKind, namespace?: string): string {
  return `You may not list ${resources[what]} in ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}.`;
}
