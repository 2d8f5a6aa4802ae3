/** What people see while a restore goes wrong: an event at once, and what to do about an older restore in the way. */
import { afterEach, expect, it, vi } from 'vitest';
import { restoreKind, stackKind } from '../../crds/index.ts';
import { events } from '../../runtime/client/kinds.ts';
import {
  aRestore,
  ask,
  backupID,
  endState,
  installed,
  ready,
  restoreOf,
  stackOf,
} from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';

const { signal: never } = new AbortController();
const problem = { reason: 'JobFailed', message: 'error 1100: table was not locked.' };

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

async function warnings(world: World, kind: string): Promise<readonly string[]> {
  const all = await world.cluster.list(events, { namespace: 'acme' }, { signal: never });
  return all
    .filter(({ type, regarding }) => type === 'Warning' && regarding?.kind === kind)
    .map(({ reason, note }) => `${reason} ${note}`);
}

it('a load that fails makes a Warning at its first failure', async () => {
  const world = await installed(await World.create());
  storeBackup(world.customer, { backupID });
  world.runJob = ({ type }) => (type === 'restore' ? { error: problem } : { result: {} });
  await world.cluster.create(restoreKind, aRestore(), { signal: never });
  await world.until('the event', async () =>
    (await warnings(world, 'JtelRestore')).some((one) => one.includes('error 1100')),
  );
  expect((await restoreOf(world)).status).toMatchObject({
    phase: 'Loading',
    message: expect.stringContaining('error 1100'),
  });
});

it('so does the load of the first data', async () => {
  const world = await World.create();
  world.runJob = ({ type }) => (type === 'load' ? { error: problem } : { result: {} });
  await world.apply(stackOf());
  world.start();
  await world.until('a warning', async () => (await warnings(world, 'JtelStack')).length > 0);
  expect(await warnings(world, 'JtelStack')).toEqual([
    'JobFailed The data were not loaded: error 1100: table was not locked.',
  ]);
});

it('a first load that cannot get better by itself is tried once, and once more when somebody asks for it', async () => {
  const world = await World.create();
  let tries = 0;
  world.runJob = ({ type }) => {
    if (type !== 'load') return { result: {} };
    tries += 1;
    return { error: { reason: 'DataSetCorrupt', message: 'files.tar.zst is damaged.' } };
  };
  await world.apply(stackOf());
  world.start();
  const givenUp = async (): Promise<boolean> =>
    (await world.stack()).status?.conditions?.some(({ type }) => type === 'Stalled') === true;
  await world.until('it to be given up', givenUp);
  const stack = await world.stack();
  expect(stack.status?.firstLoad).toMatchObject({ failures: 1 });
  expect(tries).toBe(1);
  world.runJob = () => ({ result: {} });
  await world.cluster.patchAnnotations(stackKind, stack, { 'jtel.de/retry': 'once more' }, { signal: never });
  await world.until('the stack to be Ready', () => ready(world));
  expect((await world.stack()).status).not.toHaveProperty('firstLoad');
});

it('a later order says which one is in its way and how to go on, and that is so', async () => {
  const world = await installed(await World.create());
  storeBackup(world.customer, { backupID });
  world.runJob = ({ type }) => (type === 'restore' ? { error: problem } : { result: {} });
  await world.cluster.create(restoreKind, aRestore({}, 'first'), { signal: never });
  await world.until(
    'the trouble of the first',
    async () => (await restoreOf(world, 'first')).status?.message?.includes('error 1100') === true,
  );
  await world.cluster.create(restoreKind, aRestore({}, 'second'), { signal: never });
  await world.until(
    'the second to wait',
    async () => (await restoreOf(world, 'second')).status?.message !== undefined,
  );
  // What to do is in the sentence, which report/sentences.test.ts shows.
  expect((await restoreOf(world, 'second')).status?.message).toMatch(/ first .*error 1100/);
  world.runJob = () => ({ result: {} });
  await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'first' }, {}, { signal: never });
  await world.until(
    'the second to end',
    async () => (await restoreOf(world, 'second')).status?.phase === 'Completed',
  );
  await world.until('the stack to be Ready', () => ready(world));
  expect(endState(world)).toMatchObject({ data: `backup ${backupID}` });
  expect((await ask(world, {}, 'third')).status).toMatchObject({ phase: 'Completed' });
});
