/** The job that counts a restored backup: tables and rows through the database, files and bytes in the trees. */

import type { CountJobInput } from '../../jobs/count.ts';
import type { Manifest } from '../../backup-format/manifest.ts';
import type { ImageReference, JobSpec } from '../../host-driver/host.ts';
import { dockerVolume, type SwitchedVolumes } from '../../host-driver/volumes.ts';
import type { Release } from '../../release/generated/release.ts';
import { networkName, type ComponentFile } from '../../release/render.ts';
import type { RenderInput } from '../../release/stack-input.ts';
import { databaseAccess } from './database-access.ts';

const memoryBytes = 256 * 2 ** 20;

export interface CountJobOptions {
  /** The job's uid on the host. */
  readonly uid: string;
  /** The project that the volumes belong to. */
  readonly project: string;
  readonly volumes?: SwitchedVolumes;
  /** The project whose database uses them, when it is another one. */
  readonly databaseProject?: string;
  /** The database's; default: open. */
  readonly network?: RenderInput['network'];
  readonly release: Release;
  readonly manifest: Manifest | undefined;
  readonly rootPassword: string;
  /** What the database's component has mounted. */
  readonly databaseFiles: readonly ComponentFile[];
  readonly toolbox: ImageReference;
}

export function countJob(options: CountJobOptions): JobSpec {
  const {
    uid,
    project,
    volumes,
    databaseProject = project,
    release,
    manifest,
    rootPassword,
    toolbox,
  } = options;
  const sets = new Set(manifest?.dataSets.map(({ name }) => name));
  const trees = release.fileTrees.filter(({ name }) => sets.has(name));
  const input: CountJobInput = {
    type: 'count',
    database: databaseAccess(release, rootPassword, options.databaseFiles),
    fileTrees: trees.map(({ name }) => ({ name, path: `/data/${name}`, excludes: [] })),
    checksum: true,
  };
  return {
    uid,
    type: 'count',
    image: toolbox,
    command: ['count'],
    network: networkName(databaseProject, options.network),
    volumes: trees.map(({ name, volume }) => ({
      volume: dockerVolume(project, volume, volumes),
      target: `/data/${name}`,
      readOnly: true,
    })),
    input,
    memoryBytes,
  };
}
