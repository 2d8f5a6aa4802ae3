/** Writes kubeconfigs for Kubernetes' tools. As YAML, because people look at these files. */
import { stringify } from 'yaml';
import type { KeyPair } from './certificates.ts';

export interface KubeconfigInput {
  /** Name of cluster and context. */
  readonly cluster: string;
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  readonly user: string;
  readonly client: KeyPair;
}

function base64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}

/** Everything is embedded, so the file can be copied or mounted elsewhere. */
export function kubeconfig({ cluster, server, authority, user, client }: KubeconfigInput): string {
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': base64(authority) } }],
      users: [
        {
          name: user,
          user: {
            'client-certificate-data': base64(client.certificate),
            'client-key-data': base64(client.key),
          },
        },
      ],
      contexts: [{ name: cluster, context: { cluster, user } }],
      'current-context': cluster,
    },
    { lineWidth: 0 },
  );
}
