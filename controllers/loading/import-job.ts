/** The job that imports an old installation's database. Its whole input is a secret. */

import type { ImageReference, JobSpec } from '../../host-driver/host.ts';
import type { ImportJobInput } from '../../jobs/import.ts';
import type { Release } from '../../release/generated/release.ts';
import { networkName, type ComponentFile } from '../../release/render.ts';
import type { ImportedDatabase } from '../inputs/import-source.ts';
import { databaseAccess } from './database-access.ts';

const memoryBytes = 288 * 2 ** 20;

export interface ImportJobOptions {
  readonly stackUID: string;
  readonly phase: ImportJobInput['phase'];
  readonly loadID: string;
  readonly imported: ImportedDatabase;
  readonly project: string;
  readonly release: Release;
  readonly rootPassword: string;
  /** What the database's component has mounted. */
  readonly databaseFiles: readonly ComponentFile[];
  readonly toolbox: ImageReference;
}

/**
 * Stable, and not those of other loads: what was pulled must never count as something that was loaded, nor as pulled
 * from where the spec points to now.
 * @param from {@link ImportedDatabase.from}
 */
export function importJobUID(stackUID: string, phase: ImportJobInput['phase'], from: string): string {
  return `${stackUID}-${phase.toLowerCase()}-${from}`;
}

export function importJob(options: ImportJobOptions): JobSpec {
  const { stackUID, phase, loadID, imported, project, release, rootPassword, toolbox } = options;
  const input: ImportJobInput = {
    type: 'import',
    loadID,
    phase,
    source: imported.source,
    database: databaseAccess(release, rootPassword, options.databaseFiles),
    schemas: imported.schemas,
  };
  return {
    uid: importJobUID(stackUID, phase, imported.from),
    type: 'import',
    image: toolbox,
    command: ['import'],
    network: networkName(project, undefined),
    volumes: [],
    input,
    memoryBytes,
  };
}
