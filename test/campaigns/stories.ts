/** The stories of campaign A: what the world is before, what the user does, when it is over, and what counts as its end. */
import { annotations, stackKind, type JtelStack } from '../../crds/index.ts';
import { aStack } from '../../controllers/stack/testing.ts';
import { stackKey, type World } from './world.ts';

const never = new AbortController().signal;
const project = 'jtel-acme-main';

export interface Story {
  readonly name: string;
  /** @param live runs an operator until the condition holds. */
  readonly prepare: (world: World, live: (what: string, condition: () => Promise<boolean>) => Promise<void>) => Promise<void>;
  readonly act: (world: World) => Promise<void>;
  readonly done: (world: World) => Promise<boolean>;
  /** Without times and identifiers: equal for every way to the same end. */
  readonly endState: (world: World) => unknown;
}

export const stories: readonly Story[] = [
  {
    name: 'install',
    prepare: async () => undefined,
    act: async (world) => void (await world.apply(newStack())),
    done: isReady,
    endState,
  },
  {
    name: 'configure',
    prepare: installed,
    act: (world) => world.change({ components: [{ name: 'acd-web', state: 'Enabled', replicas: 3 }] }),
    done: isReady,
    endState,
  },
  {
    name: 'stop',
    prepare: installed,
    act: (world) => world.change({ powerState: 'Stopped' }),
    done: async (world) => isCurrent(await world.stack(), 'Stopped'),
    endState,
  },
  {
    name: 'delete',
    prepare: installed,
    act: async (world) => {
      await world.change({ deletionPolicy: 'Destroy' });
      const live = await world.stack();
      await world.cluster.patchAnnotations(stackKind, live, { [annotations.confirmDestroy]: live.metadata.uid }, { signal: never });
      await world.cluster.delete(stackKind, stackKey, { uid: live.metadata.uid }, { signal: never });
    },
    done: async (world) => (await world.find()) === undefined,
    endState,
  },
];

function newStack(): JtelStack {
  return aStack({ initialData: { source: 'Vanilla' } });
}

async function installed(world: World, live: Parameters<Story['prepare']>[1]): Promise<void> {
  await world.apply(newStack());
  await live('the stack to be Ready', () => isReady(world));
}

async function isReady(world: World): Promise<boolean> {
  return isCurrent(await world.stack(), 'Ready');
}

function isCurrent({ metadata, status }: JtelStack, phase: string): boolean {
  return status?.phase === phase && status.observedGeneration === metadata.generation && status.operation === undefined;
}

/** What lies and runs on all hosts. */
function endState(world: World): unknown {
  return [...world.driver.machines].map(([address, machine]) => {
    const here = machine.projects.get(project);
    return {
      address,
      containers: [...(here?.containers.values() ?? [])].map(({ service, image, state }) => `${service} ${image} ${state}`).toSorted(),
      volumes: [...(here?.volumes.keys() ?? [])].toSorted(),
      data: here?.state?.data?.source,
      version: here?.state?.applied?.version,
      jobs: machine.jobs.size,
    };
  });
}
