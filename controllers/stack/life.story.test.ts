/**
 * The whole controller over a Kubernetes API, a blob store and a compose host in memory: the story of an installation, and the
 * same story with the process killed before and after each of its effects.
 */
import { afterEach, describe, expect, it } from 'vitest';
import {
  annotations,
  backupKind,
  stackKind,
  type Condition,
  type JtelBackup,
  type JtelStack,
} from '../../crds/index.ts';
import { controllerRevisions, events, secrets, type ControllerRevision } from '../../runtime/client/kinds.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { backup, endState, killedEverywhere, looksAt, ready } from '../../test/support/world/restores.ts';
import { noteTold, troublesIn } from '../../test/support/world/told.ts';
import { killAll, reading, stackKey, World } from '../../test/support/world/world.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { readFileNames } from '../inputs/file-names.ts';
import { aBackup } from '../backup/testing.ts';
import { aStack } from './testing.ts';

const { signal: never } = new AbortController();

afterEach(killAll);

async function aWorld(stack: JtelStack = aStack()): Promise<World> {
  const world = await World.create();
  await world.apply(stack);
  return world;
}

async function installed(stack?: JtelStack): Promise<World> {
  const world = await aWorld(stack);
  world.start();
  await world.until('the stack to be Ready', () => ready(world));
  return world;
}

describe('an installation', () => {
  it('goes from a bare host to Ready, and then leaves everything alone', async () => {
    const world = await installed();
    const machine = world.machine();
    expect(endState(world)).toMatchObject({ data: 'vanilla 3.43.2', version: '3.43.2', jobs: 0 });
    expect(machine.projects.get('jtel-acme-main')?.releases.size).toBe(1);
    await world.kill();

    // A new process finds nothing to do: no write to the stack or its Secrets, no change on the host.
    const seen = looksAt(machine);
    const next = world.start();
    await world.until('two looks at the host', () => looksAt(machine) >= seen + 2);
    await world.kill();
    expect(next.log.filter((effect) => !effect.endsWith(' JtelBackupStore'))).toEqual([]);
  });

  it('never puts a generated password or a key into a status', async () => {
    const world = await installed();
    const credentials = await world.cluster.getSecret('acme', 'main-credentials', { signal: never });
    const status = JSON.stringify((await world.stack()).status);
    for (const name of credentials.keys) expect(status).not.toContain(credentials.get(name));
  });
});

describe('a new spec', () => {
  it('is recorded without a trace in the status: nothing is done to the stack', async () => {
    const world = await installed();
    const statuses: JtelStack['status'][] = [];
    const apply = world.cluster.applyStatus.bind(world.cluster);
    world.cluster.applyStatus = async (kind, key, status, ...rest) => {
      if (kind.kind === stackKind.kind) statuses.push(status as JtelStack['status']);
      return await apply(kind, key, status, ...rest);
    };
    // So that the next look falls into the wave that records it.
    const machine = world.machine();
    const create = world.cluster.create.bind(world.cluster);
    world.cluster.create = async (kind, object, options) => {
      const before = looksAt(machine);
      if (kind.kind === controllerRevisions.kind)
        await world.until('a look meanwhile', () => looksAt(machine) > before);
      return await create(kind, object, options);
    };
    await world.change({ drift: 'Warn', suspend: true });
    const recorded = async (): Promise<boolean> =>
      (await world.cluster.list(controllerRevisions, {}, { signal: never })).length === 2;
    await world.until('the spec to be recorded', recorded);
    const seen = looksAt(machine);
    await world.until('two more looks', () => looksAt(machine) >= seen + 2);
    for (const status of statuses) {
      expect(status?.message ?? '').not.toContain('record');
      expect(status?.operation).toBeUndefined();
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    }
  });
});

describe('a host whose record of the stack is not what we write', () => {
  it('is left alone with a condition that says what to do, and continues when the record is good again', async () => {
    const world = await installed();
    const machine = world.machine();
    machine.unreachable = 'HostStateInvalid';
    const told = async (): Promise<Condition | undefined> =>
      findCondition((await world.stack()).status?.conditions, 'HostReachable');
    await world.change({ suspend: false, drift: 'Warn' });
    await world.until('the condition', async () => (await told())?.reason === 'HostStateInvalid');
    expect((await told())?.status).toBe('False');
    expect(machine.refused).not.toEqual([]);
    expect(machine.refused.filter(({ method }) => !reading.has(method))).toEqual([]);
    machine.unreachable = undefined;
    await world.change({ drift: 'Correct' });
    await world.until('the host to be used again', async () => (await told())?.status === 'True');
  });
});

describe('a stack of an operator that named secrets by their plain digest', () => {
  it('gets a key for their names, and nothing starts anew', async () => {
    const world = await World.create();
    const metadata = { namespace: 'acme', name: 'main-credentials', labels: { 'jtel.de/stack': 'main' } };
    await world.cluster.create(secrets, { metadata, stringData: { of: 'before' } } as KubernetesObject, {
      signal: never,
    });
    await world.apply(aStack());
    world.start();
    await world.until('the stack to be Ready', () => ready(world));
    const machine = world.machine();
    const before = machine.calls.length;
    const keyed = async (): Promise<boolean> =>
      readFileNames(await world.cluster.getSecret('acme', 'main-credentials', { signal: never })) !==
      undefined;
    await world.until('the key', keyed);
    const seen = looksAt(machine);
    await world.change({ drift: 'Warn' });
    await world.until('two more looks', () => looksAt(machine) >= seen + 2);
    expect(await ready(world)).toBe(true);
    expect(
      machine.calls.slice(before).filter(({ method }) => !reading.has(method) && method !== 'claim'),
    ).toEqual([]);
  });
});

describe('credentials of somebody else', () => {
  const metadata = { namespace: 'acme', name: 'main-credentials' };
  const theirs = { 'somebody-elses': 'correct-horse-battery' };

  it('under the name of ours are neither used, changed nor deleted, until they are given to the stack', async () => {
    const world = await World.create();
    await world.addSecret('main-credentials', theirs);
    const secret = await world.cluster.get(secrets, metadata, { signal: never });
    await world.apply(aStack());
    world.start();
    const stalled = async (): Promise<Condition | undefined> =>
      (await world.stack()).status?.conditions?.find(({ reason }) => reason === 'NameTaken');
    await world.until('the condition', async () => (await stalled()) !== undefined);
    expect((await stalled())?.message).toContain(
      'kubectl -n acme label secret main-credentials jtel.de/stack=main',
    );
    const live = await world.cluster.get(secrets, metadata, { signal: never });
    expect(live.metadata?.resourceVersion).toBe(secret.metadata?.resourceVersion);
    const given = {
      ...live,
      metadata: { ...live.metadata, labels: { 'jtel.de/stack': 'main' } },
    } as typeof live;
    await world.cluster.replace(secrets, given, { signal: never });
    await world.change({ drift: 'Warn' });
    await world.until('the stack to be Ready', () => ready(world));
    expect(
      (await world.cluster.getSecret('acme', 'main-credentials', { signal: never })).get('somebody-elses'),
    ).toBe('correct-horse-battery');
  });
});

describe('a ControllerRevision of somebody else', () => {
  it('under the name of ours is neither used nor changed, and the event says so', async () => {
    const world = await World.create();
    const theirs = { metadata: { namespace: 'acme', name: 'main-1' }, revision: 1, data: { theirs: true } };
    const made = await world.cluster.create(controllerRevisions, theirs as ControllerRevision, {
      signal: never,
    });
    await world.apply(aStack());
    world.start();
    const told = async (): Promise<boolean> =>
      (await world.cluster.list(events, {}, { signal: never })).some(({ reason }) => reason === 'NameTaken');
    await world.until('the event', told);
    const live = await world.cluster.get(controllerRevisions, theirs.metadata, { signal: never });
    expect(live).toMatchObject({ data: { theirs: true }, metadata: { uid: made.metadata?.uid } });
    await world.cluster.delete(controllerRevisions, theirs.metadata, {}, { signal: never });
    await world.until('the stack to be Ready', () => ready(world));
  });
});

describe('killed at any moment', () => {
  it('an installation still ends the same', async () => {
    const [whole, ...killed] = await killedEverywhere(aWorld, ready);
    for (const { crashAt, endState: end } of killed)
      expect(end, `after a crash at effect ${crashAt}`).toEqual(whole?.endState);
    // Before and after each effect: at least claim, set-up, files, pull, database, load, record, apply, record, clean-up.
    expect(killed.length).toBeGreaterThan(20);
  }, 180_000);
});

describe('a stack that is deleted', () => {
  const deleted = async (stack: JtelStack, consent: Record<string, string>): Promise<World> => {
    const world = await installed(stack);
    await world.kill();
    const live = await world.stack();
    const annotated = await world.cluster.patchAnnotations(stackKind, live, consent, { signal: never });
    await world.cluster.delete(stackKind, stackKey, { uid: annotated.metadata.uid }, { signal: never });
    world.start();
    return world;
  };
  const gone = (world: World): Promise<true> =>
    waitFor('the object to go', async () => (await world.find()) === undefined, { intervalMilliseconds: 2 });

  it('runs on when its policy is Orphan', async () => {
    const world = await deleted(aStack(), {});
    await gone(world);
    expect(world.machine().projects.get('jtel-acme-main')?.containers.size).toBeGreaterThan(0);
  });

  it('is backed up again once it was applied again, although nothing else is done to it', async () => {
    const world = await deleted(aStack({ backup }), {});
    await gone(world);
    await world.apply(aStack({ backup }));
    await world.until('the stack to be Ready', () => ready(world));
    const key = { ...stackKey, name: 'now' };
    await world.cluster.create(backupKind, { ...aBackup(), metadata: key } as JtelBackup, { signal: never });
    await world.until('the backup', async () => {
      const { status } = await world.cluster.get(backupKind, key, { signal: never });
      return status?.phase === 'Completed';
    });
    const stack = await world.stack();
    expect(world.machine().projects.get('jtel-acme-main')?.owner.uid).toBe(stack.metadata.uid);
  });

  it('is not told that its data are missing by a process that comes when they are destroyed already', async () => {
    const world = await installed(aStack({ deletionPolicy: 'Destroy' }));
    await world.kill();
    const live = await world.stack();
    const consent = { [annotations.confirmDestroy]: live.metadata.uid };
    await world.cluster.patchAnnotations(stackKind, live, consent, { signal: never });
    await world.cluster.delete(stackKind, stackKey, {}, { signal: never });
    // The last thing that the process before did.
    world.machine().projects.clear();
    const told = noteTold(world);
    world.start();
    await gone(world);
    expect(troublesIn(told, () => false)).toEqual([]);
  });

  it('is destroyed with consent, and only then', async () => {
    const refused = { [annotations.confirmDestroy]: 'of another life' };
    const world = await deleted(aStack({ deletionPolicy: 'Destroy' }), refused);
    await waitFor('the refusal', async () => (await world.stack()).status?.phase === 'Deleting', {
      intervalMilliseconds: 2,
    });
    expect(world.machine().projects.size).toBe(1);
    const live = await world.stack();
    const consent = { [annotations.confirmDestroy]: live.metadata.uid };
    await world.cluster.patchAnnotations(stackKind, live, consent, { signal: never });
    await gone(world);
    expect(world.machine().projects.size).toBe(0);
    expect(
      await world.cluster.find(secrets, { namespace: 'acme', name: 'main-credentials' }, { signal: never }),
    ).toBeUndefined();
  });
});
