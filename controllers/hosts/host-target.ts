/** How to reach a stack's host: the address from the spec, and the SSH keys from its Secrets. */

import type { JumpHost, StackHost } from '../../crds/index.ts';
import type { HostEndpoint, HostTarget } from '../../host-driver/host.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import { mostRounds, roundsOf } from '../../host-driver/ssh/key-cost.ts';
import { InputError } from '../inputs/input-error.ts';
import { readSecret, requireKey } from '../inputs/secret-input.ts';
import { optional } from '../../base/optional.ts';

/** RSA keys of 8192 bits have half of it. */
const mostKeyCharacters = 16_384;
const mostPassphraseCharacters = 1024;

/** A JtelStack is one. */
export interface HostOwner {
  readonly metadata: { readonly namespace?: string };
  readonly spec: { readonly host: StackHost };
}

/** @param field the path in the spec that names the host, for messages. @throws {InputError} */
export async function readHostTarget(
  cluster: Cluster,
  { metadata, spec: { host } }: HostOwner,
  options: CallOptions,
  field = 'spec.host',
): Promise<HostTarget> {
  const { namespace = '' } = metadata;
  const [endpoint, jumpHost] = await Promise.all([
    readEndpoint(cluster, namespace, host, `${field}.sshSecretRef`, options),
    host.jumpHost === undefined
      ? undefined
      : readEndpoint(cluster, namespace, host.jumpHost, `${field}.jumpHost.sshSecretRef`, options),
  ]);
  return { ...endpoint, ...optional({ jumpHost }) };
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
  const where = `${namespace}/${name} (${field})`;
  const privateKey = requireKey(secret, 'ssh-privatekey', where);
  if (privateKey.length > mostKeyCharacters || (passphrase ?? '').length > mostPassphraseCharacters)
    throw new InputError(
      'SecretInvalid',
      `Secret ${where}: ssh-privatekey may have ${mostKeyCharacters} characters, and passphrase ${mostPassphraseCharacters}: put one key into the Secret.`,
    );
  const rounds = roundsOf(privateKey);
  if (rounds > mostRounds)
    throw new InputError(
      'SecretInvalid',
      `Secret ${where}: opening ssh-privatekey takes ${rounds} rounds, and at most ${mostRounds} are done: make a copy of the key with ssh-keygen -p -a 24, and put that into the Secret.`,
    );
  return {
    address: host.address,
    port: host.port,
    user: host.user,
    hostKeyFingerprints: host.hostKeyFingerprints,
    privateKey,
    ...optional({ passphrase }),
    namespace,
  };
}
