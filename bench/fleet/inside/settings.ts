/** What the harness wants of this process. */
import { join } from 'node:path';
import { settingsVariable, type FleetSettings } from '../messages.ts';

export const settings = JSON.parse(process.env[settingsVariable] ?? '') as FleetSettings;

/** Loads a module of the build that runs here, which may be an earlier one. */
export async function ofTree<T>(path: string): Promise<T> {
  return (await import(join(settings.tree, path))) as T;
}
