/** Where a stack's host is and how to get in: the spec plus the SSH keys from its Secrets. */

import type { JtelStack, JumpHost, StackHost } from '../crds/index.ts';
import type { HostEndpoint, HostTarget } from '../host-driver/host.ts';
import type { CallOptions, Cluster } from '../operator/runtime/client/cluster.ts';
import { readSecret, requireKey } from './secret-input.ts';

export async function readHostTarget(cluster: Cluster, stack: JtelStack, options: CallOptions): Promise<HostTarget> {
  const { host } = stack.spec;
  const namespace = stack.metadata.namespace ?? '';
  const [endpoint, jumpHost] = await Promise.all([
    readEndpoint(cluster, namespace, host, 'spec.host.sshSecretRef', options),
    host.jumpHost === undefined ? undefined : readEndpoint(cluster, namespace, host.jumpHost, 'spec.host.jumpHost.sshSecretRef', options),
  ]);
  return { ...endpoint, ...(jumpHost === undefined ? {} : { jumpHost }) };
}

async function readEndpoint(
  cluster: Cluster,
  namespace: string,
  host: StackHost | JumpHost,
  field: string,
  options: CallOptions,
): Promise<HostEndpoint> {
  const { name } = host.sshSecretRef;
  const secret = await readSecret(cluster, namespace, name, field, options);
  const passphrase = secret.find('passphrase');
  return {
    address: host.address,
    port: host.port,
    user: host.user,
    hostKeyFingerprints: host.hostKeyFingerprints,
    privateKey: requireKey(secret, 'ssh-privatekey', `${namespace}/${name} (${field})`),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}
