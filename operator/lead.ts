/**
 * What a process does with a shard that it leads. Everything that writes exists only while it leads, once for each
 * shard, and only through a client that refuses otherwise. What only reads or computes is shared by the shards.
 */
import { ReleaseSource } from '../controllers/inputs/release-source.ts';
import { openStore } from '../controllers/stores/store-access.ts';
import { createHostDriver } from '../host-driver/connect.ts';
import { optional } from '../base/optional.ts';
import {
  EventRecorder,
  ObjectVersions,
  SharedTrouble,
  secrets as secretKind,
  type AuditLog,
  type ClusterClient,
  type KubeConnection,
  type Leadership,
  type Logger,
  type RuntimeMetrics,
  type SecretRegistry,
  type UnexpectedErrors,
} from '../runtime/index.ts';
import { auditTo } from './audit/write.ts';
import type { Caches } from './caches.ts';
import type { OperatorConfig } from './config.ts';
import { runControllers } from './controllers.ts';
import { offLoop } from './off-loop.ts';
import { partOf } from './shards/part.ts';
import type { LeadShard } from './shards/run-shards.ts';
import { boundsOfShard, shardOf } from './shards/share.ts';

/** Connections that no stack has used for this long are closed. */
const idleConnectionSeconds = 900;

export interface LeaderParts {
  readonly clusterID: string;
  readonly config: OperatorConfig;
  readonly logger: Logger;
  readonly secrets: SecretRegistry;
  readonly metrics: RuntimeMetrics;
  readonly cluster: ClusterClient;
  readonly connection: KubeConnection;
  readonly caches: Caches;
  readonly unexpected: UnexpectedErrors;
  readonly audit?: AuditLog;
}

/** Of one process: what its shards share begins with the first that it leads. */
export function leader(parts: LeaderParts): { readonly lead: LeadShard; close(): Promise<void> } {
  const { config, connection, logger } = parts;
  const { namespaces, releaseKey } = config;
  const tasks = offLoop();
  const secretVersions = new ObjectVersions({ connection, kind: secretKind, namespaces, logger });
  const stopVersions = new AbortController();
  let following: Promise<void> | undefined;
  const shared = {
    tasks,
    secretVersions,
    releases: new ReleaseSource({ tasks, ...optional({ publicKey: releaseKey }) }),
    trouble: new SharedTrouble(),
  };
  return {
    lead: async (leadership, shard) => {
      following ??= secretVersions.run(stopVersions.signal);
      await leadShard(leadership, shard, { ...parts, ...shared });
    },
    close: async () => {
      stopVersions.abort();
      await following;
      await tasks.close();
    },
  };
}

interface ShardParts extends LeaderParts {
  readonly tasks: ReturnType<typeof offLoop>;
  readonly secretVersions: ObjectVersions;
  readonly releases: ReleaseSource;
  readonly trouble: SharedTrouble;
}

async function leadShard(leadership: Leadership, shard: number, parts: ShardParts): Promise<void> {
  const { config, logger, secrets, metrics, audit, tasks, clusterID, unexpected } = parts;
  const { shards } = config;
  const cluster = parts.cluster.fencedBy(leadership);
  const driver = createHostDriver({ tasks, addresses: config.hostAddresses, drivers: shards });
  const events = new EventRecorder({
    cluster,
    reportingController: 'jtel.de/operator',
    reportingInstance: config.identity,
    secrets,
    logger,
    lost: (reason) => metrics.eventLost(reason),
  });
  const idle = setInterval(() => driver.closeIdle(idleConnectionSeconds), 60_000);
  const part =
    shards === 1
      ? { caches: parts.caches, close: () => undefined }
      : partOf(parts.caches, (namespace) => shardOf(namespace, shards) === shard);
  try {
    await runControllers(
      {
        cluster,
        caches: part.caches,
        whole: parts.caches,
        leadsChannels: shard === 0,
        driver,
        releases: parts.releases,
        openStore,
        toolbox: config.toolboxImage,
        events,
        logger,
        metrics,
        clusterID,
        ownNamespace: config.leaseNamespace,
        secretVersions: parts.secretVersions,
        mayAct: () => leadership.isHeld(),
        clock: () => new Date(),
        random: Math.random,
        workers: config.workers,
        resyncSeconds: config.resyncSeconds,
        monitorSeconds: config.monitorSeconds,
        unexpected,
        trouble: parts.trouble,
        namespaces: config.namespaces,
        backupLimits: { uploadWindowSeconds: config.backupWindowSeconds },
        backupBounds: boundsOfShard(
          { perStore: config.backupsPerStore, inAll: config.backupsAtOnce },
          shards,
        ),
        ...optional({ schedulePods: config.schedulePods }),
        ...(audit === undefined ? {} : { audit: auditTo(audit, secrets, config.identity) }),
      },
      leadership.signal,
    );
  } finally {
    clearInterval(idle);
    part.close();
    await events.close();
    await driver.close();
  }
}
