/** A right that the operator lacks is told where people look: in a condition of the object that waits for it. */
import { afterEach, expect, it, vi } from 'vitest';
import type { Right } from '../../../doctor/judge/rights.ts';
import type { Condition } from '../../../runtime/report/conditions.ts';
import { ready, stackOf } from '../../support/world/restores.ts';
import { killAll, World } from '../../support/world/world.ts';
import { BadServer } from './server.ts';

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

it.each<[string, Right, Condition['type']]>([
  ['a look', { verb: 'list', group: 'apps', resource: 'controllerrevisions' }, 'Quarantined'],
  ['a wave', { verb: 'create', group: '', resource: 'secrets' }, 'Ready'],
])('a right that %s needs is named with its verb and resource until it is given', async (_, right, type) => {
  const world = await World.create();
  const server = new BadServer();
  server.trouble = { is: 'Denying', right };
  world.interference = { api: server.api };
  await world.apply(stackOf());
  world.start();
  const told = async (): Promise<Condition | undefined> =>
    (await world.stack()).status?.conditions?.find(
      (one) => one.type === type && one.reason === 'RightMissing',
    );
  await world.until('the right to be told', async () => (await told()) !== undefined);
  expect((await told())?.message).toContain(`lacks the right to ${right.verb} ${right.resource}`);
  server.trouble = undefined;
  await world.until('the stack to be Ready', () => ready(world));
  expect(await told()).toBeUndefined();
});
