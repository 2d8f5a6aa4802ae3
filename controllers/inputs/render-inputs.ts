/** What rendering needs besides spec and release: certificate, generated passwords, environment secrets. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { JtelStack } from '../../crds/index.ts';
import type { HostProxy } from '../../host-driver/host.ts';
import type { CallOptions, Cluster, SecretValues } from '../../runtime/client/cluster.ts';
import type { Release } from '../../release/generated/release.ts';
import { secretPlaces, secretsNeeded } from '../../release/host-needs.ts';
import {
  environmentSecrets,
  secretKeyID,
  type SecretValues as RenderSecrets,
  type StackInput,
} from '../../release/stack-input.ts';
import { InputError } from './input-error.ts';
import { readSecret, requireKey } from './secret-input.ts';
import { findSelfSigned, type CredentialRequest, type GeneratedSecret } from './credential-secret.ts';
import { parseCPUs, parseMemoryMiB } from './quantity.ts';

/** Of a proxy, in UTF-16 units: all of it becomes part of one variable on the host. */
const longestLogin = 1024;

/** The part of the spec that rendering uses, in the release's units. */
export function stackInput(stack: JtelStack): StackInput {
  const { spec } = stack;
  return {
    namespace: stack.metadata.namespace ?? '',
    name: stack.metadata.name ?? '',
    size: spec.size,
    timeZone: spec.host.timeZone,
    network: spec.network,
    components: spec.components?.map((component) => ({
      name: component.name,
      state: component.state,
      replicas: component.replicas,
      env: component.env,
      resources: {
        cpus: quantity(component.name, 'cpu', component.resources?.cpu, parseCPUs),
        memoryMiB: quantity(component.name, 'memory', component.resources?.memory, parseMemoryMiB),
      },
    })),
  };
}

function quantity<T>(
  component: string,
  field: string,
  value: string | number | undefined,
  parse: (value: string | number) => T | undefined,
): T | undefined {
  if (value === undefined) return undefined;
  const parsed = parse(value);
  if (parsed === undefined)
    throw new InputError(
      'SpecInvalid',
      `spec.components: ${component}: resources.${field} "${value}" is no quantity such as 500m or 2Gi.`,
    );
  return parsed;
}

/** Names what must still be generated; or gives all secrets, by the names that the release has for them. */
export type ReleaseSecrets =
  | { readonly complete: false; readonly missing: CredentialRequest }
  | { readonly complete: true; readonly values: ReadonlyMap<string, string> };

export function collectReleaseSecrets(
  release: Release,
  generated: SecretValues | undefined,
  certificate: string | undefined,
): ReleaseSecrets {
  const values = new Map<string, string>();
  const generate: GeneratedSecret[] = [];
  let selfSigned = false;
  for (const { name, kind, length } of secretsNeeded(release)) {
    const value = kind === 'TLS' ? (certificate ?? findSelfSigned(generated)) : generated?.find(name);
    if (value !== undefined) values.set(name, value);
    else if (kind === 'TLS') selfSigned = true;
    else generate.push({ name, length: kind === 'EncryptionKeys' ? kind : length });
  }
  if (generate.length > 0 || selfSigned) {
    const isEmpty = generated?.keys.length === 0;
    const found =
      isEmpty && !generate.some(({ length }) => length === 'EncryptionKeys')
        ? {}
        : ({
            lacks: generated === undefined ? 'Secret' : isEmpty ? 'Keys' : 'Entries',
            places: secretPlaces(release),
            rootSecret: release.database.rootSecret,
          } as const);
    return { complete: false, missing: { generate, selfSigned, ...found } };
  }
  return { complete: true, values };
}

/** The customer's certificate as one PEM: the key, then the certificate and its chain. Undefined without a reference. */
export async function readCertificate(
  cluster: Cluster,
  stack: JtelStack,
  options: CallOptions,
): Promise<string | undefined> {
  const reference = stack.spec.network.tlsSecretRef;
  if (reference === undefined) return undefined;
  const namespace = stack.metadata.namespace ?? '';
  const secret = await readSecret(cluster, namespace, reference.name, 'spec.network.tlsSecretRef', options);
  const where = `${namespace}/${reference.name} (spec.network.tlsSecretRef)`;
  const certificate = requireKey(secret, 'tls.crt', where);
  const key = requireKey(secret, 'tls.key', where);
  try {
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
      throw new InputError('SecretInvalid', `Secret ${where}: tls.key does not belong to tls.crt.`);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    // The parser's own message could repeat a part of the key.
    throw new InputError('SecretInvalid', `Secret ${where}: tls.crt or tls.key is not valid PEM.`);
  }
  return `${key.trimEnd()}\n${certificate.trimEnd()}\n`;
}

export async function readEnvironment(
  cluster: Cluster,
  stack: JtelStack,
  input: StackInput,
  options: CallOptions,
): Promise<RenderSecrets['environment']> {
  const namespace = stack.metadata.namespace ?? '';
  const read = environmentSecrets(input).map(async (reference) => {
    const secret = await readSecret(
      cluster,
      namespace,
      reference.name,
      'spec.components[].env[].secretKeyRef',
      options,
    );
    return [
      secretKeyID(reference),
      requireKey(secret, reference.key, `${namespace}/${reference.name}`),
    ] as const;
  });
  return new Map(await Promise.all(read));
}

/** The login of `spec.host.proxy`; undefined when that names no Secret. */
export async function readProxyCredentials(
  cluster: Cluster,
  stack: JtelStack,
  options: CallOptions,
): Promise<NonNullable<HostProxy['credentials']> | undefined> {
  const reference = stack.spec.host.proxy?.credentialsSecretRef;
  if (reference === undefined) return undefined;
  const namespace = stack.metadata.namespace ?? '';
  const field = 'spec.host.proxy.credentialsSecretRef';
  const secret = await readSecret(cluster, namespace, reference.name, field, options);
  const where = `${namespace}/${reference.name} (${field})`;
  const [username, password] = [requireKey(secret, 'username', where), requireKey(secret, 'password', where)];
  if (Math.max(username.length, password.length) > longestLogin)
    throw new InputError(
      'SecretInvalid',
      `Secret ${where}: username and password may have ${longestLogin} characters each: shorten them.`,
    );
  return {
    username,
    password,
    version: `${secret.uid}/${secret.resourceVersion}`,
  };
}
