/** The operator's own page: off unless asked for, for people without kubectl. */
import manifest from '../../package.json' with { type: 'json' };
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { KubeConnection } from '../../runtime/client/connection.ts';
import type { Logger } from '../../runtime/report/logger.ts';
import { contentSecurityPolicy, pageFiles } from '../../web/page/files.ts';
import { readDetail } from '../../web/server/detail.ts';
import { Fleet, type FleetSource } from '../../web/server/fleet.ts';
import { PageServer } from '../../web/server/page-server.ts';
import { clusterGate, reviewsOf } from './cluster-gate.ts';
import { cookieName, type ProxyHeaders } from './identity.ts';

export interface WebConfig {
  readonly port: number;
  /** Names that people reach the page by; those of this machine always work, for `kubectl port-forward`. */
  readonly hosts: readonly string[];
  /** Absent: people sign in with tokens. */
  readonly proxy?: ProxyHeaders;
}

export interface WebParts {
  readonly cluster: Cluster;
  readonly connection: KubeConnection;
  readonly caches: Pick<FleetSource, 'stacks' | 'stores' | 'backups' | 'restores'>;
  readonly namespaces: readonly string[] | 'All';
  /** Resolves when the caches hold everything. */
  readonly synced: Promise<unknown>;
  readonly logger: Logger;
}

const gatherMilliseconds = 250;
/** Answers are kept for 30 s; open pages notice soon after. */
const renewSeconds = 5;
const planAbsent =
  'A plan reads Secrets and the host, which the operator does for nobody: ask with `kubectl jtel plan`.';

export interface ServedPage {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveWeb(config: WebConfig, parts: WebParts): Promise<ServedPage> {
  const { cluster, connection, caches, namespaces, synced, logger } = parts;
  const isSynced = (): boolean => Object.values(caches).every((cache) => cache.synced);
  const source: FleetSource = {
    ...caches,
    reads: () => true,
    about: () => ({ name: '', namespaces, synced: isSynced() }),
  };
  const now = (): Date => new Date();
  const fleet = new Fleet([source], { gatherMilliseconds, now });
  void synced.then(
    () => fleet.aboutMayHaveChanged(),
    () => undefined,
  );
  const server = await PageServer.listen({
    port: config.port,
    names: config.hosts,
    files: await pageFiles(),
    contentSecurityPolicy,
    gate: clusterGate({
      reviews: reviewsOf(connection),
      proxy: config.proxy,
      namespaces: () => (namespaces === 'All' ? namespacesOf(fleet) : namespaces),
      now: () => performance.now(),
    }),
    cookie: { name: () => cookieName, isSecure: true },
    fleet,
    program: { version: manifest.version, servedBy: 'Operator' },
    detail: (viewer, { context, ...key }, signal) =>
      context === ''
        ? readDetail({ fleet, source, cluster, planAbsent }, viewer, key, now(), signal)
        : Promise.resolve(undefined),
    times: { renewSeconds },
    plan: () => Promise.resolve(undefined),
    failed: (error) => logger.warn('the page failed to answer', { error }),
  });
  logger.info('the page is served', { port: server.port, hosts: config.hosts });
  return {
    port: server.port,
    close: async () => {
      await server.close();
      fleet.close();
    },
  };
}

function* namespacesOf(fleet: Fleet): Iterable<string> {
  for (const kind of ['stacks', 'stores'] as const)
    for (const { namespace } of fleet.rows(kind).values()) yield namespace;
}
