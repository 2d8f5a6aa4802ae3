/** How each action of a backup is done. Each is idempotent, and leaves its trace where the next look finds it. */

import type { DatabaseKind } from '../../../backup-format/data-set.ts';
import { backupTime } from '../../../backup-format/names.ts';
import {
  backupFinalizer,
  backupKind,
  labels,
  restoreKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import type { Fence, Host, ImageReference } from '../../../host-driver/host.ts';
import { mergeCarriedOut } from '../../../host-driver/carried-out.ts';
import { databaseFiles } from '../../../release/database-files.ts';
import { isAlreadyExists } from '../../../runtime/client/api-error.ts';
import type { Cluster } from '../../../runtime/client/cluster.ts';
import { removeFinalizer } from '../../../runtime/control/finalizer.ts';
import { acceptedBackup, newestSigned } from '../../stores/backup-doubt.ts';
import type { SigningKeys } from '../../stores/signing-keys.ts';
import { clusterCatalog } from '../../stores/cluster-catalog.ts';
import type { CredentialStore } from '../../inputs/credentials.ts';
import { encryptionKey } from '../../inputs/encryption-keys.ts';
import { InputError } from '../../inputs/input-error.ts';
import { readPullCredentials } from '../../inputs/pull-credentials.ts';
import type { ReleaseSource } from '../../inputs/release-source.ts';
import { databaseSecrets, type StackRelease } from '../../inputs/stack-release.ts';
import { commit, type Committed } from './commit.ts';
import { storedDocuments } from './documents.ts';
import { componentImage, databaseImage } from '../../inputs/release-images.ts';
import { backupJob, knownParts } from './job.ts';
import { parseJobResult } from './job-result.ts';
import type { Limits } from '../desired/limits.ts';
import {
  fullBackupOperation,
  grantSeconds,
  jobUID,
  methodFor,
  testRestoreName,
  uploadWindowSeconds,
} from '../desired/request.ts';
import type { Gathered } from '../observe/observe.ts';
import type { Action } from '../plan/actions.ts';
import { optional } from '../../../base/optional.ts';

export interface ExecutionContext {
  readonly backup: JtelBackup;
  readonly gathered: Gathered;
  readonly cluster: Cluster;
  readonly releases: ReleaseSource;
  readonly credentials: CredentialStore;
  readonly signing: SigningKeys;
  readonly toolbox: ImageReference;
  readonly clusterID: string;
  readonly limits: Limits;
  readonly claim: (host: Host) => Promise<void>;
  /** The fence under which this process holds the host; throws when it does not. */
  readonly fence: () => Fence;
  readonly committed: (facts: Committed) => void;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

type Executors = {
  readonly [T in Action['type']]: (
    action: Extract<Action, { type: T }>,
    context: ExecutionContext,
  ) => Promise<void>;
};

const executors: Executors = {
  ClaimHost: (_, context) => context.claim(hostOf(context)),
  PullToolbox: async (_, context) => {
    const { cluster, toolbox, signal } = context;
    const { release } = releaseOf(context).loaded;
    const pullCredentials = await readPullCredentials(cluster, stackOf(context), release.registry, {
      signal,
    });
    // A running database's image is there, unless somebody has removed "unused" images.
    await hostOf(context).pull([toolbox, databaseImage(release)], pullCredentials, () => undefined, signal);
  },
  StartJob: startJob,
  Commit: storeBackup,
  CreateTestRestore: createTestRestore,
  RemoveJobs: async ({ uids }, context) => {
    for (const uid of uids) await hostOf(context).removeJob(uid, context.fence(), context.signal);
  },
  ReleaseFinalizer: (_, { cluster, backup, signal }) =>
    removeFinalizer(cluster, backupKind, backup, backupFinalizer, { signal }),
};

export async function execute(action: Action, context: ExecutionContext): Promise<void> {
  // The table is complete by its type; the lookup loses the link between key and argument.
  await (executors[action.type] as (action: Action, context: ExecutionContext) => Promise<void>)(
    action,
    context,
  );
}

async function startJob(_: unknown, context: ExecutionContext): Promise<void> {
  const { backup, gathered, cluster, toolbox, limits, signal } = context;
  const { release } = releaseOf(context).loaded;
  const { resource, blobs } = storeOf(context);
  const stack = stackOf(context);
  const { backupID = '', epoch = '', attempt = 1, encryptionKeyID: keyID, operation } = backup.status ?? {};
  const { identity, project } = gathered;
  const database = await databaseSecrets(stack, project, releaseOf(context).loaded, context, { signal });
  const lifetimeSeconds = uploadWindowSeconds(backup, limits);
  const isFull = operation?.type === fullBackupOperation;
  // What an unsigned index says of packs could spoil this backup.
  const newest = isFull
    ? undefined
    : (await newestSigned(await clusterCatalog(cluster, storeOf(context), { signal }), identity, signal))
        .manifest;
  const known = isFull
    ? []
    : await knownParts(
        { store: blobs, identity, backupID, attempt, epoch, keyID, newest, lifetimeSeconds },
        signal,
      );
  const job = backupJob({
    uid: jobUID(backup),
    attempt,
    backupID,
    identity,
    epoch,
    project,
    volumes: gathered.observed.host.ok ? gathered.observed.host.value.state?.volumes : undefined,
    release,
    method: methodOf(context),
    toolbox,
    ...database,
    grant: await blobs.createGrant(grantSeconds(backup, limits)),
    known,
    encryption: keyID === undefined ? undefined : await encryptionKey(cluster, resource, keyID, { signal }),
    bandwidthLimitMiBPerSecond: stack.spec.backup?.bandwidthLimitMiBPerSecond,
  });
  await hostOf(context).startJob(project, job, context.fence(), signal);
}

async function storeBackup(_: unknown, context: ExecutionContext): Promise<void> {
  const { backup, gathered, clusterID, signal } = context;
  const { observed, identity } = gathered;
  // Asked first: the store's status may not have this key yet.
  const signer = await context.signing.current(storeOf(context).resource, { signal });
  const opened = context.signing.trustedBy(storeOf(context));
  const { resource, retention } = opened;
  const stack = stackOf(context);
  const { loaded } = releaseOf(context);
  const { release, digest } = loaded;
  const { backupID = '', epoch = '', attempt = 1, encryptionKeyID: keyID } = backup.status ?? {};
  const { namespace, name, uid } = stack.metadata;
  const { job } = observed;
  const host = observed.host.ok ? observed.host.value : undefined;
  const parent = host?.state?.data?.backupID;
  const accepted = acceptedBackup(stack);
  const carriedOut = mergeCarriedOut(stack.status?.carriedOut, host?.state?.carriedOut);
  const facts = await commit(
    {
      catalog: await clusterCatalog(context.cluster, opened, { signal }),
      signer,
      origin: {
        backupID,
        identity,
        epoch,
        writer: { clusterID, namespace, name, stackUID: uid, machineID: host?.facts.machineID ?? '' },
        ...optional({ parent }),
        trigger: backup.spec.trigger,
        request: backup.metadata.name,
        ...(carriedOut.length === 0 ? {} : { carriedOut }),
        release: {
          version: release.version,
          digest,
          images: release.components.map(({ name: component }) => ({
            component,
            reference: referenceOf(componentImage(release, component)),
          })),
        },
        tools: {
          toolbox: referenceOf(context.toolbox),
          ...(methodOf(context) === 'Physical' ? { producer: referenceOf(databaseImage(release)) } : {}),
        },
        startTime: backupTime(backupID).toISOString(),
        excluded: release.fileTrees
          .filter(({ excludes = [] }) => excludes.length > 0)
          .map(({ name: dataSet, excludes: globs = [] }) => ({ dataSet, globs })),
        ...optional({ keyID }),
      },
      result: job?.job.state === 'Succeeded' ? parseJobResult(job.result, { backupID, attempt }) : undefined,
      endTime: new Date((job?.job.finishedSeconds ?? context.now().getTime() / 1000) * 1000).toISOString(),
      ...optional({ accepted }),
      documents: await storedDocuments(stack, gathered.project, loaded, context, { signal }),
      immutability: resource.spec.immutability,
      ...optional({ retention }),
    },
    signal,
  );
  context.committed(facts);
}

function methodOf(context: ExecutionContext): DatabaseKind {
  const { release } = releaseOf(context).loaded;
  return methodFor(stackOf(context).spec.backup?.method, databaseFiles(release) !== undefined);
}

function referenceOf({ repository, tag, digest }: ImageReference): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}@${digest}`;
}

async function createTestRestore(
  _: unknown,
  { backup, gathered, cluster, signal }: ExecutionContext,
): Promise<void> {
  const { namespace, name, uid } = backup.metadata;
  const { backupID = '', storeRef } = backup.status ?? {};
  const { stackRef, test: place } = backup.spec;
  const test = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelRestore',
    metadata: {
      namespace,
      name: testRestoreName(backup),
      labels: { [labels.stack]: stackRef.name },
      ownerReferences: [
        {
          apiVersion: 'jtel.de/v1alpha1',
          kind: 'JtelBackup',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec: {
      stackRef,
      source: { backupID, storeRef, identity: gathered.identity },
      mode: 'Test',
      ...optional({ test: place }),
    },
  };
  try {
    // The server adds the defaults and the rest of the metadata.
    await cluster.create(restoreKind, test as object as JtelRestore, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const found = await cluster.find(restoreKind, { namespace, name: testRestoreName(backup) }, { signal });
    if (found === undefined || found.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true)
      return;
    throw new InputError(
      'ReferenceInvalid',
      `JtelRestore ${namespace}/${testRestoreName(backup)} exists and is not of this backup: delete it, or choose another name for the backup.`,
      error,
    );
  }
}

function stackOf({ gathered }: ExecutionContext): JtelStack {
  if (gathered.observed.stack === undefined)
    throw new Error('planned an action for a stack that was not observed');
  return gathered.observed.stack;
}

function hostOf({ gathered }: ExecutionContext): Host {
  if (gathered.host === undefined) throw new Error('planned an action on a host that was not observed');
  return gathered.host;
}

/** A store or release that cannot be read now is tried again. Its own message says why. */
function storeOf({ gathered }: ExecutionContext): NonNullable<Gathered['store']> {
  const { store } = gathered.observed;
  if (gathered.store === undefined)
    throw store.ok
      ? new Error('planned an action on a store that was not opened')
      : new InputError(store.reason, store.message);
  return gathered.store;
}

function releaseOf({ gathered }: ExecutionContext): StackRelease {
  const { release } = gathered.observed;
  if (gathered.release === undefined)
    throw release.ok
      ? new Error('planned an action for a release that was not read')
      : new InputError(release.reason, release.message);
  return gathered.release;
}
