/**
 * Observes what planning a backup needs: stack, store, release, host, job, and what comes first. It changes nothing. What
 * cannot be read becomes an outcome with a reason, never an exception.
 */

import {
  backupKind,
  restoreKind,
  stackKind,
  type JtelBackup,
  type JtelBackupStore,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import {
  HostError,
  type Host,
  type HostDriver,
  type HostObservation,
  type JobReport,
} from '../../../host-driver/host.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { databaseFiles } from '../../../release/database-files.ts';
import { requireIdentityAllowed, stackIdentity } from '../../stores/backup-identity.ts';
import { currentEncryptionKey } from '../../inputs/encryption-keys.ts';
import { answersOf } from '../../hosts/answers.ts';
import { readHostTarget } from '../../hosts/host-target.ts';
import { InputError } from '../../inputs/input-error.ts';
import { outcome, type Outcome } from '../../inputs/outcome.ts';
import { whyNoJobCanCreate } from '../../stores/job-access.ts';
import { recognise } from '../../hosts/machine.ts';
import { lateSince } from '../../times/late-copy.ts';
import { projectName } from '../../hosts/project.ts';
import { readRelease, type ReleaseDependencies, type StackRelease } from '../../inputs/stack-release.ts';
import type { OpenStore } from '../../stores/store-access.ts';
import { clusterCatalog } from '../../stores/cluster-catalog.ts';
import type { Places } from '../places/places.ts';
import { heldBack } from './held.ts';
import { orderOf, readHistory } from './history.ts';
import { isFinished, isPartOfOperation, jobUID, testRestoreName } from '../desired/request.ts';
import type { Ahead, Observed, ReleaseFacts, StoreFacts } from './observed.ts';
import { optional } from '../../../base/optional.ts';

export interface ObserveDependencies extends ReleaseDependencies {
  readonly driver: HostDriver;
  readonly places: Places;
  /** For a backup whose job was begun with what was read live: what is known already is not asked for again. */
  readonly known: Pick<ReleaseDependencies, 'cluster' | 'credentials'>;
}

/** Also has what executors need. The planner never sees that, because it leads to secrets. */
export interface Gathered {
  readonly observed: Observed;
  readonly project: string;
  readonly identity: string;
  readonly host?: Host;
  readonly store?: OpenStore;
  readonly release?: StackRelease;
}

const notItsTurn: Outcome<never> = { ok: false, reason: 'BackupPending', message: 'its turn has not come' };
const missing: Outcome<never> = { ok: false, reason: 'StackNotFound', message: 'there is no such stack' };

export async function observe(
  backup: JtelBackup,
  given: ObserveDependencies,
  options: CallOptions,
  now: Date,
): Promise<Gathered> {
  const dependencies = backup.status?.phase === 'Running' ? { ...given, ...given.known } : given;
  const { cluster, places } = dependencies;
  const { namespace } = backup.metadata;
  const stack = await cluster.find(stackKind, { namespace, name: backup.spec.stackRef.name }, options);
  const project = projectName(namespace, backup.spec.stackRef.name);
  if (stack === undefined)
    return {
      observed: { ahead: [], store: missing, release: missing, host: missing },
      project,
      identity: backup.status?.identity ?? '',
    };

  const identity = backup.status?.identity ?? stackIdentity(stack);
  const held = heldBack(backup, stack, places, now);
  if (held !== undefined)
    return {
      observed: { stack, ahead: [], held, store: notItsTurn, release: notItsTurn, host: notItsTurn },
      project,
      identity,
    };
  const ending = backup.metadata.deletionTimestamp !== undefined || isFinished(backup);
  const [look, store] = await Promise.all([
    observeHost(backup, stack, project, dependencies, options),
    ending ? missing : outcome(() => openBackupStore(backup, stack, identity, dependencies, options)),
  ]);
  const applied = look.host.ok ? look.host.value.state?.applied?.version : undefined;
  const release = ending
    ? missing
    : await outcome(() => appliedRelease(stack, backup.status?.version ?? applied, dependencies, options));
  const test = await findTestRestore(backup, cluster, options);
  return {
    observed: {
      stack,
      ahead: [],
      store: store.ok ? { ok: true, value: storeFacts(store.value) } : store,
      release: release.ok ? { ok: true, value: releaseFacts(release.value) } : release,
      host: look.host,
      ...optional({ job: look.job, test }),
    },
    project,
    identity,
    ...optional({ host: look.driver }),
    ...(store.ok ? { store: store.value } : {}),
    ...(release.ok ? { release: release.value } : {}),
  };
}

/** The second look, at what costs more: who comes first, and what the store has. Only a backup that may begin needs it. */
export async function observeBeginning(
  backup: JtelBackup,
  gathered: Gathered,
  { cluster }: Pick<ObserveDependencies, 'cluster'>,
  options: CallOptions,
): Promise<Gathered> {
  const { observed, store, identity } = gathered;
  if (store === undefined || observed.stack === undefined) return gathered;
  const ahead = await comingFirst(backup, cluster, options);
  if (ahead.length > 0) return { ...gathered, observed: { ...observed, ahead } };
  const request = {
    since: lateSince(backup, observed.stack),
    order: orderOf(backup, observed.stack),
  };
  const history = await outcome(async () =>
    readHistory(await clusterCatalog(cluster, store, options), identity, request, options.signal),
  );
  return { ...gathered, observed: { ...observed, history } };
}

async function findTestRestore(
  backup: JtelBackup,
  cluster: Cluster,
  options: CallOptions,
): Promise<JtelRestore | undefined> {
  if (backup.status?.phase !== 'Verifying' || backup.spec.verify !== 'Restore') return undefined;
  const key = { namespace: backup.metadata.namespace, name: testRestoreName(backup) };
  const test = await cluster.find(restoreKind, key, options);
  // A test restore of an earlier backup with this name says nothing about this one.
  const isOurs = test?.metadata.ownerReferences?.some(({ uid }) => uid === backup.metadata.uid) === true;
  return isOurs ? test : undefined;
}

interface HostLook {
  readonly host: Outcome<HostObservation>;
  readonly job?: JobReport;
  readonly driver?: Host;
}

async function observeHost(
  backup: JtelBackup,
  stack: JtelStack,
  project: string,
  { cluster, driver }: ObserveDependencies,
  options: CallOptions,
): Promise<HostLook> {
  // While a stack is moved, its data are not on spec.host yet.
  const place = stack.status?.dataHost?.host ?? stack.spec.host;
  const target = await outcome(() =>
    readHostTarget(cluster, { ...stack, spec: { ...stack.spec, host: place } }, options),
  );
  if (!target.ok) return { host: target };
  const host = driver.host(target.value);
  const { address } = place;
  const ask = answersOf(address, options.signal);
  const observation = await outcome(() =>
    ask(async (signal) =>
      recognise(stack, place, requireDocker(address, await host.observe(project, 'quick', signal))),
    ),
  );
  const uid = jobUID(backup);
  if (!observation.ok || !observation.value.jobs.some((job) => job.uid === uid))
    return { host: observation, driver: host };
  const job = await outcome(() => ask((signal) => host.readJob(uid, signal)));
  if (!job.ok) return { host: job, driver: host };
  return { host: observation, driver: host, ...optional({ job: job.value }) };
}

/** Right after a boot the host answers before its Docker does. Then an empty list of jobs means nothing. */
function requireDocker(address: string, observation: HostObservation): HostObservation {
  if (observation.facts.dockerVersion !== undefined) return observation;
  throw new HostError(
    'DockerUnavailable',
    address,
    `Docker on ${address} does not answer (yet), so it is not known what runs there.`,
  );
}

async function openBackupStore(
  backup: JtelBackup,
  stack: JtelStack,
  identity: string,
  { cluster, openStore }: ObserveDependencies,
  options: CallOptions,
) {
  const name =
    backup.status?.storeRef?.name ?? backup.spec.storeRef?.name ?? stack.spec.backup?.storeRef.name;
  if (name === undefined)
    throw new InputError('BackupNotConfigured', `JtelStack ${stack.metadata.name} has no spec.backup.`);
  const field =
    backup.spec.storeRef === undefined
      ? `spec.backup.storeRef of JtelStack ${stack.metadata.name}`
      : `spec.storeRef of JtelBackup ${backup.metadata.name}`;
  const opened = await openStore(cluster, backup.metadata.namespace, name, field, options);
  const { tier, accessMode } = opened.resource.spec;
  if (tier !== 'Customer')
    throw new InputError(
      'ReferenceInvalid',
      `JtelBackupStore ${name} is of tier ${tier}; ${field} needs one of tier Customer.`,
    );
  if (accessMode !== 'ReadWrite')
    throw new InputError(
      'ReferenceInvalid',
      `JtelBackupStore ${name} is ReadOnly (spec.accessMode); ${field} needs one that is ReadWrite.`,
    );
  requireIdentityAllowed(opened.resource, identity);
  const key = await currentEncryptionKey(cluster, opened.resource, options);
  const cannotSign = await whyNoJobCanCreate(opened.blobs);
  return {
    ...opened,
    ...(key === undefined ? {} : { keyID: key.keyID }),
    ...optional({ cannotSign }),
  };
}

async function appliedRelease(
  stack: JtelStack,
  version: string | undefined,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<StackRelease> {
  if (version === undefined) throw new InputError('BackupPending', 'No release was applied to the host yet.');
  return await readRelease({ ...stack, spec: { ...stack.spec, version } }, dependencies, options);
}

function storeFacts({
  resource,
  keyID,
  cannotSign,
}: {
  readonly resource: JtelBackupStore;
  readonly keyID?: string;
  readonly cannotSign?: string;
}): StoreFacts {
  const { policy, retentionDays } = resource.spec.immutability;
  return {
    name: resource.metadata.name,
    policy,
    retentionDays,
    ...optional({ keyID, cannotSign }),
  };
}

function releaseFacts({ loaded: { release } }: StackRelease): ReleaseFacts {
  return {
    version: release.version,
    databaseService: release.database.component,
    canPhysical: databaseFiles(release) !== undefined,
  };
}

/** Reads the API itself: a cache could miss one that begins at the same moment. */
async function comingFirst(
  backup: JtelBackup,
  cluster: Cluster,
  options: CallOptions,
): Promise<readonly Ahead[]> {
  const { namespace, uid } = backup.metadata;
  const stackName = backup.spec.stackRef.name;
  const query = { namespace };
  const [backups, restores] = await Promise.all([
    cluster.list(backupKind, query, options),
    cluster.list(restoreKind, query, options),
  ]);
  const others = backups
    .filter(
      (other) => other.spec.stackRef.name === stackName && other.metadata.uid !== uid && !isFinished(other),
    )
    .filter(
      (other) =>
        isUnderWay(other) || (other.metadata.deletionTimestamp === undefined && rank(other) < rank(backup)),
    )
    .map((other) => aheadOf('JtelBackup', other));
  if (isPartOfOperation(backup)) return others;
  const loading = restores
    .filter(
      ({ spec, status }) =>
        spec.stackRef.name === stackName &&
        spec.mode === 'Execute' &&
        (status?.phase === 'Loading' || status?.phase === 'Starting'),
    )
    .map((other) => aheadOf('JtelRestore', other));
  return [...others, ...loading];
}

function aheadOf(
  kind: Ahead['kind'],
  {
    metadata,
    status,
  }: Pick<JtelBackup, 'metadata'> & { readonly status?: (JtelBackup | JtelRestore)['status'] },
): Ahead {
  const { phase = 'Pending', startTime } = status ?? {};
  return { kind, name: metadata.name, phase, since: startTime ?? metadata.creationTimestamp };
}

function isUnderWay({ status }: JtelBackup): boolean {
  return status?.phase === 'Running' || status?.phase === 'Verifying';
}

/** Backups that an operation waits for come first, then older ones. The ranks are compared as text. */
function rank(backup: JtelBackup): string {
  return `${isPartOfOperation(backup) ? 0 : 1} ${backup.metadata.creationTimestamp} ${backup.metadata.name}`;
}
