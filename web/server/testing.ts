/** A fleet in memory for the tests of this folder. */
import type { IncomingMessage } from 'node:http';
import type { JtelBackup, JtelBackupStore, JtelRestore, JtelStack } from '../../crds/index.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import { aBackup } from '../../controllers/backup/testing.ts';
import { aStack } from '../../controllers/stack/testing.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import { Fleet } from './fleet.ts';
import type { ContextAbout } from '../protocol.ts';
import type { Gate, Viewer } from './viewer.ts';

export const now = new Date('2026-03-01T03:00:00Z');

export interface MemoryFleet {
  readonly fleet: Fleet;
  readonly stacks: ObjectStore<JtelStack>;
  readonly stores: ObjectStore<JtelBackupStore>;
  readonly backups: ObjectStore<JtelBackup>;
  readonly restores: ObjectStore<JtelRestore>;
}

/** Changes are told only by `fleet.flush()`. */
export function aFleet(
  stacks: readonly JtelStack[] = [],
  namespaces: ContextAbout['namespaces'] = 'All',
): MemoryFleet {
  const stores = {
    stacks: new ObjectStore<JtelStack>(),
    stores: new ObjectStore<JtelBackupStore>(),
    backups: new ObjectStore<JtelBackup>(),
    restores: new ObjectStore<JtelRestore>(),
  };
  for (const stack of stacks) stores.stacks.put(stack);
  const source = {
    ...stores,
    reads: () => true,
    about: () => ({ name: 'here', namespaces, synced: true }),
  };
  return { ...stores, fleet: new Fleet([source], { gatherMilliseconds: 3_600_000, now: () => now }) };
}

let version = 1;

/** The same stack in a new version. */
export function stackOf(namespace: string, name: string, status?: JtelStack['status']): JtelStack {
  version += 1;
  return aStack(
    {},
    {
      namespace,
      name,
      uid: `${namespace}/${name}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-02-01T00:00:00Z',
    },
    status,
  );
}

export function backupOf(stack: ObjectKey, name: string, status: JtelBackup['status']): JtelBackup {
  return aBackup(status, { stackRef: { name: stack.name } }, { namespace: stack.namespace, name });
}

/** @param namespaces that it sees; all if absent */
export function aViewer(namespaces?: readonly string[], changes: Partial<Viewer> = {}): Viewer {
  return {
    rights: 'all',
    limits: [],
    sees: (namespace) => namespaces === undefined || namespaces.includes(namespace),
    mayRead: () => Promise.resolve(true),
    ...changes,
  };
}

/** Knows whoever has the cookie `who=me`. */
export function aGate(viewer: Viewer = aViewer()): Gate {
  return {
    canSignOut: true,
    admit: async ({ headers }: IncomingMessage) =>
      (headers.cookie ?? '').includes('=me') ? viewer : { how: 'Token', message: 'Who are you?' },
    signIn: async (token) =>
      token === 'right' ? { cookie: 'me' } : { how: 'Token', message: 'That is not it.' },
  };
}
