/**
 * The composition root: builds every part once, connects them, and runs until it is stopped or leadership is
 * lost.
 */

import { Registry } from '@prometheus-io/client';
import packageFile from '../package.json' with { type: 'json' };
import {
  annotations,
  backupKind,
  holderNamespaces,
  holderVersion,
  labels,
  operatorName,
  restoreKind,
  storeKind,
  stackKind,
  type JtelBackup,
  type JtelBackupStore,
  type JtelRestore,
  type JtelStack,
} from '../crds/index.ts';
import { ReleaseSource } from '../controllers/inputs/release-source.ts';
import { openStore } from '../controllers/stores/store-access.ts';
import { restrictEndpoints } from '../blob-store/endpoint-rules.ts';
import { createHostDriver } from '../host-driver/connect.ts';
import type { OperatorConfig } from './config.ts';
import type { Caches } from './caches.ts';
import { runControllers } from './controllers.ts';
import { offLoop } from './off-loop.ts';
import { auditLostMetric } from './metrics/audit-metrics.ts';
import { auditTo } from './audit/write.ts';
import { fleetFrom, registerBusinessMetrics } from './metrics/business-metrics.ts';
import { registerProcessMetrics, runtimePrefix } from './metrics/process-metrics.ts';
import {
  AuditLog,
  ClusterClient,
  EventRecorder,
  HealthServer,
  Informer,
  KubeConnection,
  LeaderElector,
  RuntimeMetrics,
  SecretRegistry,
  UnexpectedErrors,
  createLogger,
  type CallObserver,
  type KubernetesObject,
  type Leadership,
  type Logger,
  secrets as secretKind,
  ObjectVersions,
} from '../runtime/index.ts';
import { missingRight } from '../runtime/client/api-error.ts';
import { clusterIDOf } from './cluster-id.ts';
import { MissingRights } from './missing-rights.ts';
import { shownConfig } from './check-config.ts';
import { mayI } from '../runtime/client/review.ts';
import { warnOfUnwatched } from './unwatched.ts';
import { optional } from '../base/optional.ts';

/** Connections that no stack has used for this long are closed. */
const idleConnectionSeconds = 900;

/**
 * @returns when `signal` aborted and everything ended; throws `LeadershipLost` if another process took over.
 */
export async function runOperator(config: OperatorConfig, signal: AbortSignal): Promise<void> {
  restrictEndpoints(config.endpoints);
  const secrets = new SecretRegistry({ ownNamespace: config.leaseNamespace });
  const logger = createLogger({ level: config.logLevel, format: config.logFormat, secrets });
  const registry = new Registry();
  const metrics = new RuntimeMetrics(registry, runtimePrefix);
  const unexpected = new UnexpectedErrors({ logger, metrics });
  const connection = await connect(config);
  const rights = new MissingRights({ logger });
  metrics.watchRights(() => rights.list());
  const onFailed = (error: unknown): void => {
    const right = missingRight(error);
    if (right !== undefined) rights.refused(right);
  };
  const observe: CallObserver = ({ method, status, seconds, error }) => {
    metrics.apiCalled(method, status, seconds);
    onFailed(error);
  };
  const cluster = new ClusterClient({ connection, fieldManager: operatorName, secrets, observe });
  const informerOptions = { connection, namespaces: config.namespaces, logger, metrics, observe, onFailed };
  const informers: Informers = {
    stacks: new Informer(stackKind, informerOptions),
    stores: new Informer(storeKind, informerOptions),
    backups: new Informer(backupKind, informerOptions),
    restores: new Informer(restoreKind, informerOptions),
  };
  const caches: Caches = {
    stacks: informers.stacks.store,
    stores: informers.stores.store,
    backups: informers.backups.store,
    restores: informers.restores.store,
  };
  registerProcessMetrics(registry);
  registerBusinessMetrics(registry, fleetFrom(caches));
  const audit = openAudit(config, { logger, lost: auditLostMetric(registry) });
  const everyInformer: readonly Informer<KubernetesObject>[] = Object.values(informers);
  const lease = { namespace: config.leaseNamespace, name: config.leaseName };
  const { leaseDurationSeconds } = config;
  const elector = new LeaderElector({
    cluster,
    lease,
    identity: config.identity,
    mark: {
      labels: { [labels.partOf]: 'jtel' },
      annotations: {
        [annotations.holderVersion]: holderVersion(packageFile.version, config.identity),
        [annotations.holderNamespaces]: holderNamespaces(config.namespaces, config.identity),
      },
    },
    logger,
    metrics,
    leaseDurationSeconds,
    renewDeadlineSeconds: (leaseDurationSeconds * 2) / 3,
    retryPeriodSeconds: leaseDurationSeconds / 7.5,
  });
  const health = await HealthServer.listen({
    port: config.healthPort,
    registry,
    alive: {},
    ready: {
      caches: () => (everyInformer.every(({ store }) => store.synced) ? undefined : 'not synced yet'),
    },
  });
  logger.info('operator started', {
    server: connection.server,
    ...shownConfig(config),
    healthPort: health.port,
  });

  const unwatch = unexpected.watch(process);
  // Caches follow the cluster from the start, so a new leader begins at once.
  const stopCaches = new AbortController();
  const following = Promise.all(everyInformer.map((informer) => informer.run(stopCaches.signal)));
  const warned = warnOfUnwatched(
    {
      cluster,
      namespaces: config.namespaces,
      mayListAll: () =>
        mayI(
          connection,
          { verb: 'list', group: stackKind.group, resource: stackKind.plural },
          { signal: stopCaches.signal },
        ),
      logger,
    },
    { signal: stopCaches.signal },
  );
  let page: { close(): Promise<void> } | undefined;
  try {
    page = await startPage(config, logger, secrets, caches, () =>
      Promise.all(everyInformer.map((informer) => informer.synced(stopCaches.signal))),
    );
    const clusterID = await readyToLead(everyInformer, cluster, logger, signal);
    if (clusterID === undefined) return;
    await elector.run(signal, (leadership) =>
      lead(leadership, {
        clusterID,
        config,
        logger,
        secrets,
        metrics,
        elector,
        cluster,
        connection,
        caches,
        unexpected,
        ...optional({ audit }),
      }),
    );
  } finally {
    stopCaches.abort();
    await Promise.all([following, warned]);
    await page?.close();
    await health.close();
    await connection.close();
    await audit?.close();
    unwatch();
    logger.info('operator stopped');
  }
}

/**
 * Who cannot fill its caches, for want of a right or of the CRDs, leaves the Lease to who can.
 * @returns the cluster's identity; undefined if the process is to end first.
 */
async function readyToLead(
  informers: readonly Informer<KubernetesObject>[],
  cluster: ClusterClient,
  logger: Logger,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const id = clusterIDOf(cluster, logger, signal);
    await Promise.all([id, ...informers.map((informer) => informer.synced(signal))]);
    return await id;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Strangers can make the page ask the API server, so it has connections of its own. */
async function startPage(
  config: OperatorConfig,
  logger: Logger,
  secrets: SecretRegistry,
  caches: Caches,
  synced: () => Promise<unknown>,
): Promise<{ close(): Promise<void> } | undefined> {
  if (config.web === undefined) return undefined;
  const { serveWeb } = await import('./web/serve.ts');
  const connection = await connect(config);
  const mayWrite = (): boolean => false;
  const cluster = new ClusterClient({ connection, fieldManager: operatorName, secrets, mayWrite });
  const { namespaces } = config;
  const parts = { cluster, connection, caches, namespaces, synced: synced(), logger };
  const server = await serveWeb(config.web, parts);
  return {
    close: async () => {
      await server.close();
      await connection.close();
    },
  };
}

function connect({ kubeconfig }: OperatorConfig): Promise<KubeConnection> {
  const files = kubeconfig === undefined ? undefined : [kubeconfig];
  return KubeConnection.load({ userAgent: operatorName, files });
}

interface Parts {
  readonly clusterID: string;
  readonly config: OperatorConfig;
  readonly logger: Logger;
  readonly secrets: SecretRegistry;
  readonly metrics: RuntimeMetrics;
  readonly elector: LeaderElector;
  readonly cluster: ClusterClient;
  readonly connection: KubeConnection;
  readonly caches: Caches;
  readonly unexpected: UnexpectedErrors;
  readonly audit?: AuditLog;
}

function openAudit(
  { auditLog: target }: OperatorConfig,
  options: Omit<ConstructorParameters<typeof AuditLog>[0], 'target'>,
): AuditLog | undefined {
  return target === undefined ? undefined : new AuditLog({ ...options, target });
}

interface Informers {
  readonly stacks: Informer<JtelStack>;
  readonly stores: Informer<JtelBackupStore>;
  readonly backups: Informer<JtelBackup>;
  readonly restores: Informer<JtelRestore>;
}

/**
 * Everything that writes exists only while this process leads, and only through a client that refuses
 * otherwise.
 */
async function lead(
  leadership: Leadership,
  {
    config,
    clusterID,
    logger,
    secrets,
    metrics,
    elector,
    cluster: open,
    connection,
    caches,
    unexpected,
    audit,
  }: Parts,
): Promise<void> {
  const { signal } = leadership;
  const cluster = open.fencedBy(elector);
  const tasks = offLoop();
  const driver = createHostDriver({ tasks, addresses: config.hostAddresses });
  const events = new EventRecorder({
    cluster,
    reportingController: 'jtel.de/operator',
    reportingInstance: config.identity,
    secrets,
    logger,
    lost: (reason) => metrics.eventLost(reason),
  });
  const { namespaces } = config;
  const secretVersions = new ObjectVersions({ connection, kind: secretKind, namespaces, logger });
  const stopVersions = new AbortController();
  const following = secretVersions.run(AbortSignal.any([signal, stopVersions.signal]));
  const idle = setInterval(() => driver.closeIdle(idleConnectionSeconds), 60_000);
  try {
    await runControllers(
      {
        cluster,
        caches,
        driver,
        releases: new ReleaseSource({ tasks, ...optional({ publicKey: config.releaseKey }) }),
        openStore,
        toolbox: config.toolboxImage,
        events,
        logger,
        metrics,
        clusterID,
        ownNamespace: config.leaseNamespace,
        secretVersions,
        mayAct: () => elector.isHeld(),
        clock: () => new Date(),
        random: Math.random,
        workers: config.workers,
        resyncSeconds: config.resyncSeconds,
        monitorSeconds: config.monitorSeconds,
        unexpected,
        namespaces: config.namespaces,
        backupLimits: { uploadWindowSeconds: config.backupWindowSeconds },
        backupBounds: { perStore: config.backupsPerStore, inAll: config.backupsAtOnce },
        ...optional({ schedulePods: config.schedulePods }),
        ...(audit === undefined ? {} : { audit: auditTo(audit, secrets, config.identity) }),
      },
      signal,
    );
  } finally {
    clearInterval(idle);
    stopVersions.abort();
    await following;
    await events.close();
    await driver.close();
    await tasks.close();
  }
}
