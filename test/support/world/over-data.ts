/**
 * A stack that runs on data of its own while a restore is asked for; for the tests of restores beside such
 * data and of those in place.
 */
import type { FakeJobOutcome } from '../../../host-driver/fake/machine.ts';
import type { JobSpec } from '../../../host-driver/host.ts';
import { storeBackup } from '../stored-backup.ts';
import { backupID, installed, project } from './restores.ts';
import { World } from './world.ts';

export const counted = {
  tables: [{ schema: 'jtel', name: 't', rows: 5 }],
  sequences: 0,
  fileTrees: [{ name: 'files', files: 1, bytes: 100 }],
};

/** A Ready stack on vanilla data, and a backup in its store. */
export async function withBackup(options: Parameters<typeof storeBackup>[1] = {}): Promise<World> {
  const world = await installed(await World.create());
  storeBackup(world.customer, { backupID, ...options });
  return world;
}

export function volumes(world: World): readonly string[] {
  return [...(world.machine().projects.get(project)?.volumes.keys() ?? [])].toSorted();
}

export function runJob(world: World, of: Record<string, FakeJobOutcome>): void {
  world.runJob = ({ uid, type }: JobSpec) =>
    Object.entries(of).find(([end]) => uid.endsWith(end))?.[1] ?? { result: type === 'count' ? counted : {} };
}

export const isNew = (name: string): boolean => name.includes('.');
