/**
 * What tests of moves do in a world in memory: send the stack to another host, and watch that it never runs
 * in two places.
 */
import type { JtelStackSpec } from '../../../crds/index.ts';
import { project, ready } from './restores.ts';
import type { World } from './world.ts';

export const oldAddress = '192.0.2.10';
export const newAddress = '192.0.2.20';

/** @param spec is changed in the same request */
export async function moveTo(
  world: World,
  host: Partial<JtelStackSpec['host']> & { readonly address: string },
  spec: Partial<JtelStackSpec> = {},
): Promise<void> {
  const { spec: now } = await world.stack();
  await world.change({ ...spec, host: { ...now.host, ...host } });
}

export function runs(world: World, address: string): boolean {
  const { containers } = world.machine(address).projects.get(project) ?? {};
  return [...(containers?.values() ?? [])].some(({ state }) => state === 'running');
}

export async function arrived(world: World, address: string): Promise<boolean> {
  const { status } = await world.stack();
  return (
    (await ready(world)) &&
    status?.dataHost?.host.address === address &&
    status.relocation?.state === 'Completed'
  );
}

/** Notes every moment at which the stack runs in two places. */
export function watchForTwo(world: World): readonly string[] {
  const seen: string[] = [];
  for (const address of [oldAddress, newAddress]) {
    world.machine(address).listeners.add(({ service, action }) => {
      if (runs(world, oldAddress) && runs(world, newAddress)) seen.push(`${service} ${action} at ${address}`);
    });
  }
  return seen;
}
