/**
 * The composition root: builds every part once, connects them, and runs until it is stopped or leadership is
 * lost.
 */

import { Registry } from '@prometheus-io/client';
import packageFile from '../package.json' with { type: 'json' };
import {
  annotations,
  backupKind,
  channelKind,
  drillKind,
  holderNamespaces,
  holderVersion,
  labels,
  operatorName,
  restoreKind,
  storeKind,
  stackKind,
  type JtelBackup,
  type JtelBackupStore,
  type JtelChannel,
  type JtelDrill,
  type JtelRestore,
  type JtelStack,
} from '../crds/index.ts';
import { restrictEndpoints } from '../blob-store/endpoint-rules.ts';
import type { OperatorConfig } from './config.ts';
import type { Caches } from './caches.ts';
import { leader } from './lead.ts';
import { runShards } from './shards/run-shards.ts';
import { auditLostMetric } from './metrics/audit-metrics.ts';
import { fleetFrom, registerBusinessMetrics } from './metrics/business-metrics.ts';
import { registerProcessMetrics, runtimePrefix } from './metrics/process-metrics.ts';
import {
  AuditLog,
  ClusterClient,
  HealthServer,
  Informer,
  KubeConnection,
  RuntimeMetrics,
  SecretRegistry,
  UnexpectedErrors,
  createLogger,
  type CallObserver,
  type KubernetesObject,
  type Logger,
} from '../runtime/index.ts';
import { missingRight } from '../runtime/client/api-error.ts';
import { clusterIDOf } from './cluster-id.ts';
import { MissingRights } from './missing-rights.ts';
import { shownConfig } from './check-config.ts';
import { mayI } from '../runtime/client/review.ts';
import { warnOfUnwatched } from './unwatched.ts';
import { optional } from '../base/optional.ts';

/**
 * @returns when `signal` aborted and everything ended; throws `LeadershipLost` if
 * another process took over, and the stacks are not shared.
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
    ...(config.namespaces === 'All'
      ? {
          channels: new Informer(channelKind, informerOptions),
          drills: new Informer(drillKind, informerOptions),
        }
      : {}),
  };
  const caches: Caches = {
    stacks: informers.stacks.store,
    stores: informers.stores.store,
    backups: informers.backups.store,
    restores: informers.restores.store,
    ...optional({ channels: informers.channels?.store, drills: informers.drills?.store }),
  };
  registerProcessMetrics(registry);
  registerBusinessMetrics(registry, fleetFrom(caches));
  const audit = openAudit(config, { logger, lost: auditLostMetric(registry) });
  const everyInformer: readonly Informer<KubernetesObject>[] = Object.values(informers);
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
  let leading: ReturnType<typeof leader> | undefined;
  try {
    page = await startPage(config, logger, secrets, caches, () =>
      Promise.all(everyInformer.map((informer) => informer.synced(stopCaches.signal))),
    );
    const clusterID = await readyToLead(everyInformer, cluster, logger, signal);
    if (clusterID === undefined) return;
    leading = leader({
      clusterID,
      config,
      logger,
      secrets,
      metrics,
      cluster,
      connection,
      caches,
      unexpected,
      ...optional({ audit }),
    });
    await runShards(
      {
        cluster,
        lease: { namespace: config.leaseNamespace, name: config.leaseName },
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
        shards: config.shards,
        leaseDurationSeconds: config.leaseDurationSeconds,
      },
      signal,
      leading.lead,
    );
  } finally {
    stopCaches.abort();
    await leading?.close();
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
  readonly channels?: Informer<JtelChannel>;
  readonly drills?: Informer<JtelDrill>;
}
