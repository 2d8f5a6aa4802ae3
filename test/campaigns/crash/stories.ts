/**
 * The stories of the crash campaign: what the world is before, what the user does, when it is over, and what
 * counts as its end.
 */
import {
  annotations,
  backupKind,
  restoreKind,
  stackKind,
  type JtelBackup,
  type JtelStack,
} from '../../../crds/index.ts';
import { credentialsName } from '../../../controllers/inputs/credential-secret.ts';
import { secrets } from '../../../runtime/client/kinds.ts';
import { storeBackup } from '../../support/stored-backup.ts';
import { arrived, moveTo, newAddress, oldAddress } from '../../support/world/moves.ts';
import { aRestore, project, ready, restoreOf, stackOf } from '../../support/world/restores.ts';
import { stackKey, type World } from '../../support/world/world.ts';

const never = new AbortController().signal;

export interface Story {
  readonly name: string;
  /** @param live runs an operator until the condition holds. */
  readonly prepare: (
    world: World,
    live: (what: string, condition: () => Promise<boolean>) => Promise<void>,
  ) => Promise<void>;
  readonly act: (world: World) => Promise<void>;
  readonly done: (world: World) => Promise<boolean>;
  /** The end state without times and identifiers. It is equal for every way to the same end. */
  readonly endState: (world: World) => Promise<unknown>;
}

export const stories: readonly Story[] = [
  {
    name: 'install',
    prepare: async () => undefined,
    act: async (world) => void (await world.apply(newStack())),
    done: ready,
    endState,
  },
  {
    name: 'configure',
    prepare: (world, live) => installed(world, live),
    act: (world) => world.change({ components: [{ name: 'acd-web', state: 'Enabled', replicas: 3 }] }),
    done: ready,
    endState,
  },
  {
    name: 'stop',
    prepare: (world, live) => installed(world, live),
    act: (world) => world.change({ powerState: 'Stopped' }),
    done: async (world) => isCurrent(await world.stack(), 'Stopped'),
    endState,
  },
  {
    name: 'delete',
    prepare: (world, live) => installed(world, live),
    act: async (world) => {
      await world.change({ deletionPolicy: 'Destroy' });
      const live = await world.stack();
      await world.cluster.patchAnnotations(
        stackKind,
        live,
        { [annotations.confirmDestroy]: live.metadata.uid },
        { signal: never },
      );
      await world.cluster.delete(stackKind, stackKey, { uid: live.metadata.uid }, { signal: never });
    },
    done: async (world) => (await world.find()) === undefined,
    endState,
  },
  {
    name: 'back up',
    prepare: (world, live) => installed(world, live),
    act: async (world) => void (await world.cluster.create(backupKind, aBackup(), { signal: never })),
    done: async (world) => {
      const { metadata, status } = await world.cluster.get(
        backupKind,
        { ...stackKey, name: 'now' },
        { signal: never },
      );
      return status?.phase === 'Completed' && (metadata.finalizers ?? []).length === 0;
    },
    endState,
  },
  {
    name: 'restore over data',
    prepare: async (world, live) => {
      await installed(world, live);
      storeBackup(world.customer);
    },
    act: async (world) => void (await world.cluster.create(restoreKind, aRestore(), { signal: never })),
    done: async (world) => {
      const { status } = await restoreOf(world);
      return status?.phase === 'Completed' && (await ready(world));
    },
    endState,
  },
  {
    name: 'begin with a backup',
    prepare: async (world) => {
      storeBackup(world.customer);
    },
    act: async (world) => void (await world.apply(newStack({ initialData: { source: 'Auto' } }))),
    done: ready,
    endState,
  },
  {
    name: 'move',
    prepare: async (world, live) => {
      await installed(world, live);
      world.machine(newAddress).withoutDocker();
    },
    act: (world) => moveTo(world, { address: newAddress }),
    done: (world) => arrived(world, newAddress),
    endState,
  },
  {
    name: 'move and come back',
    prepare: async (world, live) => {
      await installed(world, live);
      world.machine(newAddress).withoutDocker();
      await moveTo(world, { address: newAddress });
      await live('the stack to arrive', () => arrived(world, newAddress));
    },
    act: (world) => moveTo(world, { address: oldAddress }),
    done: (world) => arrived(world, oldAddress),
    endState,
  },
  {
    name: 'update',
    prepare: installedBefore,
    act: (world) => world.change({ version: '3.43.2' }),
    done: ready,
    endState,
  },
  {
    name: 'update that fails',
    prepare: async (world, live) => {
      await installedBefore(world, live);
      world.machine('192.0.2.10').breaks = (service, version) =>
        version === '3.43.2' && service === 'acd-task-runner';
    },
    act: (world) => world.change({ version: '3.43.2' }),
    done: async (world) => {
      const { metadata, status } = await world.stack();
      const [last] = status?.history ?? [];
      const back = last?.action === 'Rollback' && last.result === 'Succeeded';
      return back && status?.observedGeneration === metadata.generation && status.operation === undefined;
    },
    endState,
  },
];

function aBackup(): JtelBackup {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackup',
    metadata: { namespace: stackKey.namespace, name: 'now' } as JtelBackup['metadata'],
    spec: { stackRef: { name: stackKey.name }, trigger: 'Manual', verify: 'Checksum' },
  };
}

type Live = Parameters<Story['prepare']>[1];

async function installed(world: World, live: Live, spec: Partial<JtelStack['spec']> = {}): Promise<void> {
  await world.apply(newStack(spec));
  await live('the stack to be Ready', () => ready(world));
}

function installedBefore(world: World, live: Live): Promise<void> {
  return installed(world, live, { version: '3.43.1' });
}

function newStack(spec: Partial<JtelStack['spec']> = {}): JtelStack {
  return stackOf({ version: '3.43.2', ...spec });
}

function isCurrent({ metadata, status }: JtelStack, phase: string): boolean {
  return (
    status?.phase === phase &&
    status.observedGeneration === metadata.generation &&
    status.operation === undefined
  );
}

/** What lies and runs on all hosts, how many backups there are, and whether the stack has passwords. */
async function endState(world: World): Promise<unknown> {
  const credentials = await world.cluster.find(
    secrets,
    { ...stackKey, name: credentialsName(stackKey.name) },
    { signal: never },
  );
  const manifests = [...world.customer.blobs.keys()].filter((name) => name.endsWith('/manifest.json')).length;
  const hosts = [...world.driver.machines].map(([address, machine]) => {
    const here = machine.projects.get(project);
    return {
      address,
      containers: [...(here?.containers.values() ?? [])]
        .map(({ service, image, state }) => `${service} ${image.slice(-4)} ${state}`)
        .toSorted(),
      // A new volume is named after the uid of its restore.
      volumes: [...(here?.volumes.keys() ?? [])]
        .map((name) => name.replace(/\.[a-z0-9]+$/, '.NEW'))
        .toSorted(),
      // A backupID contains its time.
      data: here?.state?.data?.source.replace(/\d{8}t\d{6}z-[0-9a-f]{6}/, 'ID'),
      version: here?.state?.applied?.version,
      jobs: machine.jobs.size,
      projects: machine.projects.size,
    };
  });
  return { manifests, hosts, hasCredentials: credentials !== undefined };
}
