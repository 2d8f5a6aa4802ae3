/** What executors need and planners never see, because it holds secrets: how images are pulled and what jobs are given. */

import type { ImageReference, JobSpec } from '../../../host-driver/host.ts';
import type { RegistryLogin } from '../../../host-driver/registry-login.ts';
import type { SwitchedVolumes } from '../../../host-driver/volumes.ts';
import type { Release } from '../../../release/generated/release.ts';
import { renderBeside, type ReleaseDependencies, type RenderedStack } from '../../inputs/stack-release.ts';
import { countJob } from '../../loading/count-job.ts';
import { preparingImage } from '../../loading/restore-job.ts';
import { countJobUID } from '../../loading/restore-orders.ts';
import type { Rendering } from '../desired/candidates.ts';
import type { DataLook } from '../observe/source.ts';
import { loadJob, type LoadPurpose } from './load-job.ts';

export interface Inputs {
  readonly pullCredentials: readonly RegistryLogin[];
  readonly toolbox: ImageReference;
  /** Of the backup that is to be loaded: prepares its database. */
  readonly preparing: ImageReference | undefined;
  /** `Check`: one that only looks. */
  readonly loadJob: (
    purpose: LoadPurpose,
    volumes: SwitchedVolumes | undefined,
    signal: AbortSignal,
  ) => Promise<JobSpec>;
  /** The release whose database is started beside the stack. */
  readonly renderBeside: (
    signal: AbortSignal,
  ) => Promise<{ readonly release: Release; readonly rendered: RenderedStack }>;
  readonly countJob: () => JobSpec;
}

/** @returns undefined while the release cannot be rendered: nothing is planned then that would need them. */
export function executorInputs(
  { candidate: { stack }, release: found, rendered }: Rendering,
  project: string,
  data: DataLook | undefined,
  volumes: SwitchedVolumes | undefined,
  dependencies: ReleaseDependencies & { readonly toolbox: ImageReference },
): Inputs | undefined {
  if (found === undefined || rendered === undefined) return undefined;
  const { loaded, store } = found;
  const { release } = loaded;
  const { toolbox } = dependencies;
  const { rootPassword, databaseFiles, pullCredentials } = rendered;
  const order = data?.observed.order;
  const place = order?.beside;
  const manifest = data?.loading?.backup?.loaded.manifest;
  return {
    pullCredentials,
    toolbox,
    preparing: manifest === undefined ? undefined : preparingImage(release, manifest),
    renderBeside: async (signal) => {
      if (place === undefined) throw new Error('no place beside the stack was looked for');
      const { volumes: taken } = place;
      return await renderBeside(stack, release.version, place.project, { volumes: taken }, dependencies, {
        signal,
      });
    },
    countJob: () => {
      if (place === undefined || order === undefined || manifest === undefined)
        throw new Error('a count was planned, and nothing was loaded');
      return countJob({
        uid: countJobUID(order.requestUID),
        project,
        volumes: place.volumes,
        databaseProject: place.project,
        release,
        manifest,
        rootPassword,
        databaseFiles,
        toolbox,
      });
    },
    loadJob: (purpose, target, signal) =>
      loadJob({
        release,
        store,
        project,
        volumes: target ?? volumes,
        databaseProject: target === undefined ? undefined : place?.project,
        toolbox,
        rootPassword,
        databaseFiles,
        purpose,
        stackUID: stack.metadata.uid,
        orderUID: order?.requestUID,
        loading: data?.loading,
        signal,
      }),
  };
}
