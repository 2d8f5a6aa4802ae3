/** What people see while a restore goes wrong: an event at once, and what to do about the one that is in the way. */
import { afterEach, expect, it, vi } from 'vitest';
import { restoreKind, stackKind } from '../../crds/index.ts';
import { events } from '../../runtime/client/kinds.ts';
import { Process, type World } from '../../test/campaigns/memory-world.ts';
import {
  aRestore,
  ask,
  aWorld,
  backupID,
  endState,
  installed,
  ready,
  restoreOf,
  stackOf,
} from '../../test/support/restore-world.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';

const { signal: never } = new AbortController();
const problem = { reason: 'JobFailed', message: 'error 1100: table was not locked.' };

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

let running: Process | undefined;
afterEach(() => running?.kill());

async function warnings(world: World, kind: string): Promise<readonly string[]> {
  const all = await world.cluster.list(events, { namespace: 'acme' }, { signal: never });
  return all
    .filter(({ type, regarding }) => type === 'Warning' && regarding?.kind === kind)
    .map(({ reason, note }) => `${reason} ${note}`);
}

it('a load that fails makes a Warning at its first failure', async () => {
  const world = await aWorld();
  running = await installed(world);
  storeBackup(world.customer, { backupID });
  world.runJob = ({ type }) => (type === 'restore' ? { error: problem } : { result: {} });
  await world.cluster.create(restoreKind, aRestore(), { signal: never });
  await running.until('the event', async () =>
    (await warnings(world, 'JtelRestore')).some((one) => one.includes('error 1100')),
  );
  expect((await restoreOf(world)).status).toMatchObject({
    phase: 'Loading',
    message: expect.stringContaining('error 1100'),
  });
});

it('so does the load of the first data', async () => {
  const world = await aWorld();
  world.runJob = ({ type }) => (type === 'load' ? { error: problem } : { result: {} });
  await world.apply(stackOf());
  running = new Process(world);
  await running.until('a warning', async () => (await warnings(world, 'JtelStack')).length > 0);
  expect(await warnings(world, 'JtelStack')).toEqual([
    'JobFailed The data were not loaded: error 1100: table was not locked.',
  ]);
});

it('a first load that cannot get better by itself is tried once, and once more when somebody asks for it', async () => {
  const world = await aWorld();
  let tries = 0;
  world.runJob = ({ type }) => {
    if (type !== 'load') return { result: {} };
    tries += 1;
    return { error: { reason: 'DataSetCorrupt', message: 'files.tar.zst is damaged.' } };
  };
  await world.apply(stackOf());
  running = new Process(world);
  const givenUp = async (): Promise<boolean> =>
    (await world.stack()).status?.conditions?.some(({ type }) => type === 'Stalled') === true;
  await running.until('it to be given up', givenUp);
  const stack = await world.stack();
  expect(stack.status?.firstLoad).toMatchObject({ failures: 1 });
  expect(tries).toBe(1);
  world.runJob = () => ({ result: {} });
  await world.cluster.patchAnnotations(stackKind, stack, { 'jtel.de/retry': 'once more' }, { signal: never });
  await running.until('the stack to be Ready', () => ready(world));
  expect((await world.stack()).status).not.toHaveProperty('firstLoad');
});

it('a later order says which one is in its way and how to go on, and that is so', async () => {
  const world = await aWorld();
  running = await installed(world);
  storeBackup(world.customer, { backupID });
  world.runJob = ({ type }) => (type === 'restore' ? { error: problem } : { result: {} });
  await world.cluster.create(restoreKind, aRestore({}, 'first'), { signal: never });
  await running.until(
    'the trouble of the first',
    async () => (await restoreOf(world, 'first')).status?.message?.includes('error 1100') === true,
  );
  await world.cluster.create(restoreKind, aRestore({}, 'second'), { signal: never });
  await running.until(
    'the second to wait',
    async () => (await restoreOf(world, 'second')).status?.message !== undefined,
  );
  expect((await restoreOf(world, 'second')).status?.message).toMatch(
    /^JtelRestore first of the same stack came first; it is Loading since \S+\. If first is not wanted any more, delete it and this one goes on: kubectl delete jtelrestore first -n acme\..*error 1100/,
  );
  world.runJob = () => ({ result: {} });
  await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'first' }, {}, { signal: never });
  await running.until(
    'the second to end',
    async () => (await restoreOf(world, 'second')).status?.phase === 'Completed',
  );
  await running.until('the stack to be Ready', () => ready(world));
  expect(endState(world)).toMatchObject({ data: `backup ${backupID}` });
  expect((await ask(world, running, {}, 'third')).status).toMatchObject({ phase: 'Completed' });
});
