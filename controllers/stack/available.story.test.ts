/** Whether a stack serves, and how long it did not, in the whole controller: under faults, restarts and the end of a month. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Condition, JtelStackStatus } from '../../crds/index.ts';
import type { FakeContainer } from '../../host-driver/fake/machine.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { looksAt, project, ready } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { aStack } from './testing.ts';

afterEach(killAll);

/** Half a day before the end of a month, and as fast as every world; `skip` moves on. */
class Calendar {
  readonly #begin = performance.now();
  #skippedSeconds = 0;

  readonly now = (): Date =>
    new Date(
      Date.parse('2027-03-31T12:00:00Z') +
        (performance.now() - this.#begin) * 100 +
        this.#skippedSeconds * 1000,
    );

  skip(seconds: number): void {
    this.#skippedSeconds += seconds;
  }
}

/** Broken containers stay broken: nobody puts right what a test is to see. */
async function installed(options?: Parameters<typeof World.create>[0]): Promise<World> {
  const world = await World.create(options);
  await world.apply(aStack({ drift: 'Ignore' }));
  world.start();
  await world.until('the stack to be Ready', () => ready(world));
  return world;
}

async function told(world: World): Promise<string> {
  const { status, reason } = (await condition(world)) ?? {};
  return `${status} ${reason}`;
}

async function condition(world: World, type = 'Available'): Promise<Condition | undefined> {
  return findCondition((await world.stack()).status?.conditions, type);
}

async function counted(world: World): Promise<JtelStackStatus['availability']> {
  return (await world.stack()).status?.availability;
}

async function untilTold(world: World, what: string): Promise<void> {
  await world.until(what, async () => (await told(world)) === what);
}

function web(world: World): FakeContainer {
  const found = world.machine().projects.get(project)?.containers.get('acd-web-1');
  if (found === undefined) throw new Error('there is no acd-web-1');
  return found;
}

/** As somebody does on the host. */
function restart(world: World): void {
  Object.assign(web(world), { state: 'running', exitCode: 0 });
  world.machine().emit(project, 'acd-web-1', 'start');
}

describe('a stack that runs', () => {
  it('stays available when its spec is mistyped, although it is not ready', async () => {
    const world = await installed();
    await world.change({ version: '3.34.2' });
    await world.until(
      'the spec to be refused',
      async () => (await condition(world, 'Ready'))?.status === 'False',
    );
    expect(await told(world)).toBe('True Serving');
    expect(await counted(world)).toEqual({ countedSince: expect.any(String) });
  });

  it('is not available while it is stopped, which is no down time', async () => {
    const world = await installed();
    await world.change({ powerState: 'Stopped' });
    await untilTold(world, 'False Stopped');
    expect(await counted(world)).toEqual({ countedSince: expect.any(String) });
  });

  it('is not known to be available while its host is away, and that is counted apart', async () => {
    const calendar = new Calendar();
    const world = await installed({ clock: calendar.now });
    world.machine().unreachable = 'HostUnreachable';
    await untilTold(world, 'Unknown HostUnreachable');
    expect(await counted(world)).toHaveProperty('unknownSince');
    calendar.skip(300);
    world.machine().unreachable = undefined;
    await untilTold(world, 'True Serving');
    const { months, ...rest } = (await counted(world)) ?? {};
    expect(rest).toEqual({ countedSince: expect.any(String) });
    expect(months).toEqual([{ month: '2027-03', unknownSeconds: expect.any(Number) }]);
    expect(months?.[0]?.unknownSeconds).toBeGreaterThanOrEqual(300);
  });
});

describe('a container that was killed', () => {
  it('makes the stack not available until it runs again, and the time between is down time', async () => {
    const calendar = new Calendar();
    const world = await installed({ clock: calendar.now });
    world.machine().kill(project, 'acd-web-1');
    await untilTold(world, 'False ComponentsUnhealthy');
    const { downSince = '' } = (await counted(world)) ?? {};
    expect((await condition(world))?.message).toContain('acd-web-1');
    calendar.skip(300);
    restart(world);
    await untilTold(world, 'True Serving');
    const { months = [], ...rest } = (await counted(world)) ?? {};
    expect(rest).toEqual({ countedSince: expect.any(String) });
    expect(months.map(({ month }) => month)).toEqual([downSince.slice(0, 7)]);
    const up = Date.parse((await condition(world))?.lastTransitionTime ?? '');
    expect(months[0]?.downSeconds).toBe((up - Date.parse(downSince)) / 1000);
    expect(months[0]?.downSeconds).toBeGreaterThanOrEqual(300);
  });

  it('is put right by the operator, and counted all the same', async () => {
    const world = await installed();
    // In the time of the world, so that it is down for whole seconds.
    world.machine().healthMilliseconds = 60_000;
    await world.change({ drift: 'Correct' });
    world.machine().kill(project, 'acd-task-runner');
    await world.until('the repair to be counted', async () => {
      const { months, downSince } = (await counted(world)) ?? {};
      return months !== undefined && downSince === undefined;
    });
    expect(await told(world)).toBe('True Serving');
    expect((await counted(world))?.months?.[0]?.downSeconds).toBeGreaterThan(0);
  });

  it('counts over a restart of the operator and the end of a month, in both', async () => {
    const calendar = new Calendar();
    const world = await installed({ clock: calendar.now });
    world.machine().kill(project, 'acd-web-1');
    await untilTold(world, 'False ComponentsUnhealthy');
    await world.kill();
    const { downSince = '' } = (await counted(world)) ?? {};

    calendar.skip(86_400);
    const seen = looksAt(world.machine());
    world.start();
    await world.until('two looks at the host', () => looksAt(world.machine()) >= seen + 2);
    expect(await counted(world)).toEqual({ countedSince: expect.any(String), downSince });

    restart(world);
    await untilTold(world, 'True Serving');
    const up = Date.parse((await condition(world))?.lastTransitionTime ?? '');
    const end = Date.parse('2027-04-01T00:00:00Z');
    expect((await counted(world))?.months).toEqual([
      { month: '2027-04', downSeconds: (up - end) / 1000 },
      { month: '2027-03', downSeconds: (end - Date.parse(downSince)) / 1000 },
    ]);
  });
});
