/**
 * Turns the command line into the inputs of the release commands. Secrets come from files, never from the
 * command line.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import {
  AzureCredentialsError,
  azureCredentials,
  type AzureLocation,
} from '../../../blob-store/azure/credentials.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { ed25519PublicKey } from '../../../release/manifest.ts';
import { UsageError, type Terminal } from '../../../command-line/terminal.ts';
import { Registry } from './registry.ts';
import { optional } from '../../../base/optional.ts';

export interface StoreOptions {
  readonly endpoint: string;
  readonly container: string;
  readonly prefix?: string;
  readonly credentialsFile: string;
}

export interface RegistryOptions {
  readonly registryUser?: string;
  readonly registryPasswordFile?: string;
  readonly registryEndpoint?: string;
  readonly insecureRegistry?: boolean;
}

const maximumSecretBytes = 64 * 1024;

/** The credentials file is YAML or JSON with the keys of a store's Secret. */
export async function openStore(options: StoreOptions, terminal: Terminal): Promise<BlobStore> {
  const location: AzureLocation = {
    endpoint: options.endpoint,
    container: options.container,
    ...optional({ prefix: options.prefix }),
  };
  const values = mapping(await readSecretFile(options.credentialsFile, terminal), options.credentialsFile);
  const { azureBlobStore } = await import('../../../blob-store/azure/azure-store.ts');
  try {
    return azureBlobStore(location, azureCredentials(values, location));
  } catch (error) {
    if (error instanceof AzureCredentialsError)
      throw new UsageError(`${options.credentialsFile}: ${error.message}`);
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function mapping(text: string, file: string): Record<string, string> {
  let document: unknown;
  try {
    document = parse(text, { schema: 'failsafe' });
  } catch {
    // The parser's message would repeat a part of the secret.
  }
  if (
    typeof document !== 'object' ||
    document === null ||
    !Object.values(document).every((value) => typeof value === 'string')
  ) {
    throw new UsageError(
      `${file} must be YAML or JSON with accountName and accountKey (outside Azure with endpoint), or sasToken and endpoint, or connectionString`,
    );
  }
  return document as Record<string, string>;
}

/** Decides how to call the registry of that name. */
export async function registryOpener(
  options: RegistryOptions,
  terminal: Terminal,
): Promise<(registry: string) => Registry> {
  const { registryUser: username, registryPasswordFile } = options;
  if ((username === undefined) !== (registryPasswordFile === undefined))
    throw new UsageError('give both --registry-user and --registry-password-file, or neither');
  const password =
    registryPasswordFile === undefined
      ? undefined
      : (await readSecretFile(registryPasswordFile, terminal)).replace(/\r?\n$/, '');
  const credentials =
    username === undefined || password === undefined ? {} : { credentials: { username, password } };
  const { registryEndpoint } = options;
  if (registryEndpoint !== undefined && !/^https?:\/\/[^/?#@]+\/?$/.test(registryEndpoint))
    throw new UsageError('--registry-endpoint must be http(s)://host[:port]');
  return (registry) => {
    const endpoint =
      registryEndpoint ?? `${options.insecureRegistry === true ? 'http' : 'https'}://${registry}`;
    return new Registry({ endpoint: endpoint.replace(/\/$/, ''), ...credentials });
  };
}

export async function readSigningKey(file: string, terminal: Terminal): Promise<KeyObject> {
  const pem = await readSecretFile(file, terminal);
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The original message does not help, and might show a part of the key.
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new UsageError(
      `${file} is not the PEM of an ed25519 private key (make one with: openssl genpkey -algorithm ed25519)`,
    );
  return key;
}

/** @returns the PEM of a valid ed25519 public key. */
export async function readPublicKey(file: string): Promise<string> {
  const pem = await readTextFile(file);
  try {
    ed25519PublicKey(pem);
  } catch {
    throw new UsageError(`${file} is not the PEM of an ed25519 public key (openssl pkey -in KEY -pubout)`);
  }
  return pem;
}

async function readTextFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maximumSecretBytes)
      throw new UsageError(`${file} has ${size} bytes: that is too big for this file`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

async function readSecretFile(file: string, terminal: Terminal): Promise<string> {
  const text = await readTextFile(file);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0)
    terminal.note(`warning: ${file} holds a secret, but not only its owner can read it (chmod 600 ${file})`);
  return text;
}
