/** How the actions of a test restore are done. The scratch project's data belong to the request, so removing them needs no consent. */

import type { JtelRestore, StackHost } from '../../../crds/index.ts';
import type { Fence, Host, ImageReference, JobSpec } from '../../../host-driver/host.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import type { Release } from '../../../release/generated/release.ts';
import { askedServices, neededComponents } from '../../../release/smoke-checks.ts';
import type { RenderInput } from '../../../release/stack-input.ts';
import { loadBackup } from '../../stores/backup-catalog.ts';
import { catalogOf, consentOf } from '../../stores/trust.ts';
import { scratchProject } from '../../hosts/scratch-project.ts';
import { countJob } from '../../loading/count-job.ts';
import type { CredentialStore } from '../../inputs/credentials.ts';
import { encryptionKey } from '../../inputs/encryption-keys.ts';
import { InputError } from '../../inputs/input-error.ts';
import { componentImage, databaseImage } from '../../inputs/release-images.ts';
import { databaseWay, preparingImage, restoreJob } from '../../loading/restore-job.ts';
import { countJobUID, restoreJobUID, smokeJobUID } from '../../loading/restore-orders.ts';
import { smokeJob } from '../../loading/smoke-job.ts';
import { renderBeside, type RenderedStack } from '../../inputs/stack-release.ts';
import type { CheckDependencies } from '../observe/checks.ts';
import type { Observed } from '../observe/observed.ts';
import type { Action } from '../plan/actions.ts';

export interface ScratchDependencies extends CheckDependencies {
  readonly credentials: CredentialStore;
  readonly toolbox: ImageReference;
}

export interface ScratchContext {
  readonly restore: JtelRestore;
  readonly observed: Observed;
  readonly place: StackHost;
  readonly host: Host;
  readonly dependencies: ScratchDependencies;
  /** Claims the host for the request, unless this process holds it. */
  readonly claim: () => Promise<void>;
  readonly fence: () => Fence;
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

export async function execute(action: Action, context: ScratchContext): Promise<void> {
  const { host, restore, fence, signal } = context;
  const project = scratchProject(restore);
  switch (action.type) {
    case 'ClaimHost':
      return await context.claim();
    case 'SetUpHost':
      // A test sets up only what containers need. It must not change the host's DNS and firewall.
      return await host.setUp(project, { mode: context.place.bootstrap }, fence(), signal);
    case 'WriteRelease':
      return await host.writeRelease(project, (await render(context)).rendered.rendered, fence(), signal);
    case 'PullImages': {
      const { release } = await render(context);
      const { manifest } = context.observed.checked ?? {};
      const images = [
        databaseImage(release),
        ...(manifest === undefined ? [] : [preparingImage(release, manifest)]),
        context.dependencies.toolbox,
      ];
      return await pull(images, context);
    }
    case 'StartRestore':
      return await host.startJob(project, await scratchRestoreJob(context), fence(), signal);
    case 'StartDatabase': {
      const { release, rendered } = await render(context);
      return await host.composeUp(project, rendered.rendered, [release.database.component], fence(), signal);
    }
    case 'StartCount':
      return await host.startJob(project, await scratchCountJob(context), fence(), signal);
    case 'StartStack': {
      const { release, rendered } = await render(context, 'Closed');
      await pull(
        neededComponents(release).map((name) => componentImage(release, name)),
        context,
      );
      await host.writeRelease(project, rendered.rendered, fence(), signal);
      return await host.composeUp(project, rendered.rendered, askedServices(release), fence(), signal);
    }
    case 'StartSmoke':
      return await host.startJob(project, await scratchSmokeJob(context), fence(), signal);
    case 'RemoveJob':
      return await host.removeJob(action.uid, fence(), signal);
    case 'DestroyScratch':
      return await host.destroy(project, fence(), signal);
  }
}

async function pull(images: readonly ImageReference[], context: ScratchContext): Promise<void> {
  const { host, signal } = context;
  const { rendered } = await render(context);
  await host.pull(
    images,
    rendered.pullCredentials,
    ({ imagesDone, imagesTotal }) => context.progress(`pulling images: ${imagesDone} of ${imagesTotal}`),
    signal,
  );
}

/** A job that loads SQL reads from the store and writes into the database, so the database is open until it is loaded. */
function networkOf({ observed }: ScratchContext): RenderInput['network'] {
  const { manifest } = observed.checked ?? {};
  return manifest === undefined || databaseWay(manifest) === 'Logical' ? undefined : 'Closed';
}

/** Renders the release that wrote the data, without anything that could get in the real stack's way. */
async function render(
  context: ScratchContext,
  network = networkOf(context),
): Promise<{ readonly release: Release; readonly rendered: RenderedStack }> {
  const { restore, observed, dependencies, signal } = context;
  const options: CallOptions = { signal };
  const { stack } = observed;
  if (stack === undefined)
    throw new Error(`planned more than cleaning up for ${restore.metadata.name}, whose stack is gone`);
  const version = observed.checked?.manifest?.release.version ?? stack.spec.version;
  return await renderBeside(stack, version, scratchProject(restore), { network }, dependencies, options);
}

async function scratchRestoreJob(context: ScratchContext): Promise<JobSpec> {
  const { restore, observed, dependencies, signal } = context;
  if (!observed.target.ok) throw new InputError(observed.target.reason, observed.target.message);
  const { release, rendered } = await render(context);
  const { backupID, identity, storeName } = observed.target.value;
  const { cluster, openStore, toolbox } = dependencies;
  const opened = await openStore(cluster, restore.metadata.namespace, storeName, 'spec.source', { signal });
  const { resource, blobs } = opened;
  const backup = await loadBackup(catalogOf(opened), identity, backupID, consentOf(restore), signal);
  const keyID = backup.manifest.encryption?.keyID;
  const project = scratchProject(restore);
  if (databaseWay(backup.manifest) === 'Logical')
    await context.host.composeUp(
      project,
      rendered.rendered,
      [release.database.component],
      context.fence(),
      signal,
    );
  return await restoreJob({
    uid: restoreJobUID(restore.metadata.uid),
    loadID: restore.metadata.uid,
    onData: 'Refuse',
    purpose: 'Restore',
    project,
    toolbox,
    release,
    rootPassword: rendered.rootPassword,
    databaseFiles: rendered.databaseFiles,
    store: blobs,
    backup,
    ...(keyID === undefined ? {} : { encryption: await encryptionKey(cluster, resource, keyID, { signal }) }),
  });
}

async function scratchCountJob(context: ScratchContext): Promise<JobSpec> {
  const { restore, dependencies, observed } = context;
  const { release, rendered } = await render(context);
  const manifest = observed.checked?.manifest;
  return countJob({
    uid: countJobUID(restore.metadata.uid),
    project: scratchProject(restore),
    network: networkOf(context),
    release,
    manifest,
    rootPassword: rendered.rootPassword,
    databaseFiles: rendered.databaseFiles,
    toolbox: dependencies.toolbox,
  });
}

/** Without a component to ask, only the database runs, in the network that it was started in. */
async function scratchSmokeJob(context: ScratchContext): Promise<JobSpec> {
  const { restore, dependencies } = context;
  const { release, rendered } = await render(context);
  return smokeJob({
    uid: smokeJobUID(restore.metadata.uid),
    project: scratchProject(restore),
    network: askedServices(release).length === 0 ? networkOf(context) : 'Closed',
    release,
    rootPassword: rendered.rootPassword,
    databaseFiles: rendered.databaseFiles,
    toolbox: dependencies.toolbox,
  });
}
