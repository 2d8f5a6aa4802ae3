/**
 * The real API server that tests talk to: the one named by JTEL_TEST_KUBECONFIG, else the control plane of
 * the sandbox `test`. Each test file works in a namespace of its own.
 */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import {
  ClusterClient,
  KubeConnection,
  namespaces,
  SecretRegistry,
  type Cluster,
} from '../../runtime/index.ts';
import { kubeconfigAccess } from '../../runtime/client/kubeconfig.ts';
import { testKubeconfig } from './kubeconfig.ts';
import { TcpProxy } from './tcp-proxy.ts';

const userAgent = 'jtel-test';

export interface TestCluster {
  readonly kubeconfig: string;
  readonly connection: KubeConnection;
  readonly client: ClusterClient;
  readonly secrets: SecretRegistry;
  readonly namespace: string;
  /** Deletes the namespace and ends the connections. */
  close(): Promise<void>;
}

/** Limits for calls that tests make themselves. */
export function call(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(20_000) };
}

/** Connects to the test cluster and makes a fresh namespace, whose name starts with `purpose`. */
export async function openCluster(purpose: string): Promise<TestCluster> {
  const kubeconfig = await testKubeconfig();
  const connection = await KubeConnection.load({ userAgent, files: [kubeconfig] });
  const secrets = new SecretRegistry();
  const client = new ClusterClient({ connection, fieldManager: 'jtel-test', secrets });
  const namespace = await createNamespace(client, purpose);
  return {
    kubeconfig,
    connection,
    client,
    secrets,
    namespace,
    close: async () => {
      await client.delete(namespaces, { namespace: '', name: namespace }, {}, call());
      await connection.close();
    },
  };
}

export async function createNamespace(cluster: Cluster, purpose: string): Promise<string> {
  const name = `${purpose}-${randomBytes(4).toString('hex')}`;
  await cluster.create(namespaces, { metadata: { name } }, call());
  return name;
}

/** A second way to the same API server, through a proxy that a test can break. */
export async function openProxied(
  kubeconfig: string,
): Promise<{ readonly connection: KubeConnection; readonly proxy: TcpProxy }> {
  const access = kubeconfigAccess([kubeconfig]);
  const server = new URL(String(access.cluster['server']));
  const proxy = await TcpProxy.to({
    host: server.hostname,
    port: Number(server.port === '' ? 443 : server.port),
  });
  const cluster = {
    ...access.cluster,
    server: `${server.protocol}//127.0.0.1:${proxy.port}`,
    // A certificate is valid for a name. For an address, it must name our 127.0.0.1.
    ...(isIP(server.hostname) === 0 ? { 'tls-server-name': server.hostname } : {}),
  };
  const connection = await KubeConnection.to({ ...access, cluster }, userAgent);
  return { connection, proxy };
}
