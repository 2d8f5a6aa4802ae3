/** Every place where the operator reads a Secret, each with how to bring it to read one that anybody may have written. */
import { openBlobs } from '../../../controllers/stores/store-access.ts';
import { currentEncryptionKey } from '../../../controllers/inputs/encryption-keys.ts';
import { readPullCredentials } from '../../../controllers/inputs/pull-credentials.ts';
import { readCertificate, readProxyCredentials } from '../../../controllers/inputs/render-inputs.ts';
import { readHostTarget } from '../../../controllers/hosts/host-target.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import type { JtelBackupStore, JtelStack } from '../../../crds/index.ts';
import { MemoryCluster } from '../../../runtime/fake/memory-cluster.ts';
import { secrets } from '../../../runtime/client/kinds.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import type { Answer } from './answers.ts';
import type { Reader } from './readers.ts';

/** The API server takes no longer ones, all entries together. */
const longestSecretBytes = 1024 * 1024;
const name = 'from-outside';
const reference = { name };

const stack: JtelStack = aStack({
  imagePullSecretRef: reference,
  network: { ...aStack().spec.network, tlsSecretRef: reference },
  host: {
    ...aStack().spec.host,
    sshSecretRef: reference,
    proxy: { http: 'http://192.0.2.8:3128', credentialsSecretRef: reference },
  },
});

const store = {
  apiVersion: 'jtel.de/v1alpha1',
  kind: 'JtelBackupStore',
  metadata: { namespace: stack.metadata.namespace, name: 'store', uid: 'store', generation: 1 },
  spec: {
    type: 'AzureBlob',
    tier: 'Customer',
    azure: {
      endpoint: 'https://account.blob.core.windows.net',
      container: 'backups',
      credentialsSecretRef: reference,
    },
    encryptionKeySecretRef: reference,
  },
} as unknown as JtelBackupStore;

export const secretReaders: readonly Reader[] = [
  ofSecret('the key of a host', ['ssh-privatekey', 'passphrase'], (cluster, options) =>
    readHostTarget(cluster, stack, options),
  ),
  ofSecret('the logins of a registry', ['.dockerconfigjson'], (cluster, options) =>
    readPullCredentials(cluster, stack, 'registry.example', options),
  ),
  ofSecret('a certificate', ['tls.crt', 'tls.key'], (cluster, options) =>
    readCertificate(cluster, stack, options),
  ),
  ofSecret('the login of a proxy', ['username', 'password'], (cluster, options) =>
    readProxyCredentials(cluster, stack, options),
  ),
  ofSecret('the keys that encrypt backups', ['current'], (cluster, options) =>
    currentEncryptionKey(cluster, store, options),
  ),
  ofSecret('the credentials of a store', ['accountName', 'accountKey'], (cluster, options) =>
    openBlobs(cluster, store, options),
  ),
];

function ofSecret(
  what: string,
  keys: readonly string[],
  read: (cluster: Cluster, options: CallOptions) => Promise<unknown>,
): Reader {
  return {
    name: what,
    isAtOnce: true,
    secretsOf: beginning,
    read: async (answer, signal) => {
      const cluster = new MemoryCluster();
      const text = contentOf(answer, Math.floor(longestSecretBytes / keys.length));
      await cluster.create(
        secrets,
        {
          metadata: { namespace: stack.metadata.namespace, name },
          stringData: Object.fromEntries(keys.map((key) => [key, text])),
        },
        { signal },
      );
      return await read(cluster, { signal });
    },
  };
}

/** As many of its characters in a row as JSON.parse shows of what it cannot read. */
function beginning(answer: Answer): readonly string[] {
  return contentOf(answer, 64 * 1024).match(/[\x21-\x7e]{8}/) ?? [];
}

/** As much of it as a Secret can have. */
function contentOf({ pieces }: Answer, longest: number): string {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (const part of pieces('JSON')) {
    if (bytes >= longest) break;
    const buffer = Buffer.from(part);
    parts.push(buffer);
    bytes += buffer.length;
  }
  return Buffer.concat(parts).subarray(0, longest).toString('utf8');
}
