/** The composition root: builds every part once, wires them, and runs until told to stop or leadership is lost. */

import { Registry } from 'prom-client';
import { storeKind, stackKind, type JtelBackupStore, type JtelStack } from '../crds/index.ts';
import { StackReconciler } from '../controllers/stack/reconcile.ts';
import { CredentialStore } from '../controllers/credentials.ts';
import type { Progress } from '../controllers/stack/execute.ts';
import { HostClaims } from '../controllers/claims.ts';
import { StoreReconciler } from '../controllers/store/reconcile.ts';
import { HostWatcher } from '../controllers/stack/watch-hosts.ts';
import { ReleaseSource } from '../controllers/release-source.ts';
import { openStore } from '../controllers/store-access.ts';
import { createHostDriver } from '../host-driver/connect.ts';
import type { OperatorConfig } from './config.ts';
import {
  Activities,
  ClusterClient,
  Controller,
  EventRecorder,
  HealthServer,
  Informer,
  KubeConnection,
  LeaderElector,
  RuntimeMetrics,
  SecretRegistry,
  createLogger,
  watching,
  type CallObserver,
  type Leadership,
  type Logger,
  type ObjectKey,
} from './runtime/index.ts';

/** Connections that no stack asked for in so long are closed. */
const idleConnectionSeconds = 900;
const storeWorkers = 4;

/** @returns when `signal` aborted and everything ended; throws `LeadershipLost` when another process took over. */
export async function runOperator(config: OperatorConfig, signal: AbortSignal): Promise<void> {
  const secrets = new SecretRegistry();
  const logger = createLogger({ level: config.logLevel, format: config.logFormat, secrets });
  const registry = new Registry();
  const metrics = new RuntimeMetrics(registry);
  const connection = KubeConnection.load(config.kubeconfig);
  const observe: CallObserver = ({ method, status, seconds }) => metrics.apiCalled(method, status, seconds);
  const cluster = new ClusterClient({ connection, fieldManager: 'jtel-operator', secrets, observe });
  const informerOptions = { connection, namespaces: config.namespaces, logger, metrics, observe };
  const stacks = new Informer<JtelStack>(stackKind, informerOptions);
  const stores = new Informer<JtelBackupStore>(storeKind, informerOptions);
  const lease = { namespace: config.leaseNamespace, name: config.leaseName };
  const { leaseDurationSeconds } = config;
  const elector = new LeaderElector({
    cluster,
    lease,
    identity: config.identity,
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
    ready: { caches: () => (stacks.store.synced && stores.store.synced ? undefined : 'not synced yet') },
  });
  logger.info('operator started', { server: connection.server, namespaces: config.namespaces, healthPort: health.port });

  // Caches follow the cluster from the start, so that a new leader begins at once.
  const stopCaches = new AbortController();
  const caches = Promise.all([stacks.run(stopCaches.signal), stores.run(stopCaches.signal)]);
  try {
    await elector.run(signal, (leadership) => lead(leadership, { config, logger, secrets, metrics, elector, cluster, stacks, stores }));
  } finally {
    stopCaches.abort();
    await caches;
    await health.close();
    await connection.close();
    logger.info('operator stopped');
  }
}

interface Parts {
  readonly config: OperatorConfig;
  readonly logger: Logger;
  readonly secrets: SecretRegistry;
  readonly metrics: RuntimeMetrics;
  readonly elector: LeaderElector;
  readonly cluster: ClusterClient;
  readonly stacks: Informer<JtelStack>;
  readonly stores: Informer<JtelBackupStore>;
}

/** Everything that writes: exists only while this process leads, and only through a client that refuses when it does not. */
async function lead(leadership: Leadership, parts: Parts): Promise<void> {
  const { config, logger, secrets, metrics, elector, stacks, stores } = parts;
  const { signal } = leadership;
  const cluster = parts.cluster.fencedBy(elector);
  await Promise.all([stacks.synced(signal), stores.synced(signal)]);
  const clusterID = await cluster.clusterID({ signal });
  const driver = createHostDriver();
  const events = new EventRecorder({ cluster, reportingController: 'jtel.de/operator', reportingInstance: config.identity, secrets, logger });
  const enqueue = (key: ObjectKey, afterSeconds?: number): void => controller.enqueue(key, afterSeconds);
  const activities = new Activities<Progress>({ enqueue, logger });
  const watcher = new HostWatcher({ enqueue, logger });
  const stacksOfStore = stacks.store.index((stack) => [`${stack.metadata.namespace}/${stack.spec.releaseStoreRef.name}`]);
  const controller: Controller<JtelStack> = new Controller<JtelStack>({
    name: 'stack',
    store: stacks.store,
    workers: config.workers,
    logger,
    metrics,
    wakes: [
      watching(stores.store, (store) =>
        stacksOfStore
          .get(`${store.metadata.namespace}/${store.metadata.name}`)
          .map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' })),
      ),
    ],
    reconciler: new StackReconciler({
      cluster,
      driver,
      releases: new ReleaseSource(config.releaseKey === undefined ? {} : { publicKey: config.releaseKey }),
      credentials: new CredentialStore(cluster),
      toolbox: config.toolboxImage,
      openStore,
      activities,
      events,
      watcher,
      clusterID,
      claims: new HostClaims(),
      mayAct: () => elector.isHeld(),
      clock: () => new Date(),
      random: Math.random,
      resyncSeconds: config.resyncSeconds,
    }),
  });
  const storeController = new Controller<JtelBackupStore>({
    name: 'store',
    store: stores.store,
    workers: storeWorkers,
    logger,
    metrics,
    reconciler: new StoreReconciler({ cluster, events, clock: () => new Date(), random: Math.random }),
  });
  const idle = setInterval(() => driver.closeIdle(idleConnectionSeconds), 60_000);
  try {
    await Promise.all([controller.run(signal), storeController.run(signal)]);
  } finally {
    clearInterval(idle);
    watcher.close();
    await activities.close();
    await events.close();
    await driver.close();
  }
}
