/** The logins for a release's registry, from the Secret that the stack names. */

import type { JtelStack } from '../../crds/index.ts';
import { loginsFor, registryName, type RegistryLogin } from '../../host-driver/registry-login.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import { InputError } from './input-error.ts';
import { readSecret, requireKey } from './secret-input.ts';

/** A message names no more registries than this. */
const mostNamed = 5;

/** An entry of `auths`. Anything may be in it. */
interface Entry {
  readonly registry: string;
  readonly value: unknown;
}

/**
 * All logins of the Secret; none without a Secret. The pull finds out which of them holds for an image ({@link loginsFor}).
 * @param registry of the release; one that the Secret says nothing about is a mistake
 * @throws {InputError} `SecretNotFound`, `SecretInvalid`
 */
export async function readPullCredentials(
  cluster: Cluster,
  stack: JtelStack,
  registry: string,
  options: CallOptions,
): Promise<readonly RegistryLogin[]> {
  const reference = stack.spec.imagePullSecretRef;
  if (reference === undefined) return [];
  const namespace = stack.metadata.namespace ?? '';
  const where = `${namespace}/${reference.name} (spec.imagePullSecretRef)`;
  const secret = await readSecret(cluster, namespace, reference.name, 'spec.imagePullSecretRef', options);
  const entries = parseDockerConfig(requireKey(secret, '.dockerconfigjson', where), where);
  const logins = entries.flatMap(loginOf);
  // A path in the key limits it to some images. Whether the release has such images is not asked here.
  const isMeant = (each: { readonly registry: string }): boolean =>
    loginsFor([{ registry: hostOf(each.registry) }], `${registry}/image`).length > 0;
  if (logins.some(isMeant)) return logins;
  if (entries.some(isMeant)) {
    throw new InputError(
      'SecretInvalid',
      `Secret ${where}: the entry of ${registry} lacks user or password: write username and password, or auth (base64 of user:password).`,
    );
  }
  throw new InputError(
    'SecretInvalid',
    `Secret ${where} has no credentials for registry ${registry}${named(entries)}: add them.`,
  );
}

function hostOf(registry: string): string {
  return registryName(registry).split('/')[0] ?? '';
}

function named(entries: readonly Entry[]): string {
  const names = entries
    .map(({ registry }) => hostOf(registry))
    .filter((name) => /^[\w.*?:-]{1,253}$/.test(name));
  if (names.length === 0) return '';
  return ` (it has some for ${names.slice(0, mostNamed).join(', ')}${names.length > mostNamed ? ' and others' : ''})`;
}

function parseDockerConfig(text: string, where: string): readonly Entry[] {
  const config = parseJSON(text);
  if (!isObject(config))
    throw new InputError('SecretInvalid', `Secret ${where}: .dockerconfigjson is not JSON.`);
  const { auths } = config;
  return isObject(auths) ? Object.entries(auths).map(([registry, value]) => ({ registry, value })) : [];
}

/** Undefined when it is not JSON. The parser's own error would repeat a part of the secret. */
function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An `auth` that is not empty wins over user and password. */
function loginOf({ registry, value }: Entry): readonly RegistryLogin[] {
  if (!isObject(value)) return [];
  const { auth, username, password } = value;
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString();
    const colon = text.indexOf(':');
    return colon < 0 ? [] : [{ registry, username: text.slice(0, colon), password: text.slice(colon + 1) }];
  }
  return typeof username === 'string' && typeof password === 'string' && username !== ''
    ? [{ registry, username, password }]
    : [];
}
