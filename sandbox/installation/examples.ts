/**
 * A folder of `examples/` with its marked values filled in for a sandbox: parsed, changed, and only then
 * written again.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { BlobAccess, Sandbox, SandboxHost } from '../index.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { optional } from '../../base/optional.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string };
  spec?: Record<string, unknown>;
  stringData?: Record<string, string>;
}

export interface ExampleOptions {
  readonly host: SandboxHost;
  readonly fqdn?: string;
  readonly namespace?: string;
  readonly version?: string;
  /** Further fields of the stack's spec, merged over the example's (one level deep). */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Where the backups are, and under which identity, for examples with such a store. */
  readonly backups?: {
    readonly access: BlobAccess;
    readonly identity: string;
    /** Of the operator of a lost cluster; default: none. */
    readonly trustedKeys?: readonly string[];
  };
}

/** The manifests in the order of their files. */
export async function example(
  folder: 'quickstart' | 'disaster-recovery',
  sandbox: Sandbox,
  options: ExampleOptions,
): Promise<readonly Manifest[]> {
  const manifests = await readExample(join(repositoryDirectory, 'examples', folder));
  for (const manifest of manifests) fillIn(manifest, sandbox, options);
  return manifests;
}

async function readExample(directory: string): Promise<Manifest[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).toSorted();
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
}

function fillIn(manifest: Manifest, sandbox: Sandbox, options: ExampleOptions): void {
  const { host, namespace, fqdn, version, backups, spec = {} } = options;
  if (namespace !== undefined) {
    if (manifest.kind === 'Namespace') manifest.metadata.name = namespace;
    else manifest.metadata.namespace = namespace;
  }
  switch (`${manifest.kind}/${manifest.metadata.name}`) {
    case 'JtelBackupStore/vendor':
      Object.assign(manifest.spec?.['azure'] ?? {}, {
        endpoint: sandbox.blob.vendor.endpoint,
        container: sandbox.blob.vendor.container,
      });
      break;
    case 'Secret/vendor-store':
      manifest.stringData = {
        endpoint: sandbox.blob.vendor.endpoint,
        accountName: sandbox.blob.vendor.account,
        accountKey: sandbox.blob.vendor.key,
      };
      break;
    case 'JtelBackupStore/acme-backups':
      Object.assign(manifest.spec?.['azure'] ?? {}, {
        endpoint: backups?.access.endpoint,
        container: backups?.access.container,
      });
      Object.assign(manifest.spec ?? {}, {
        identities: [backups?.identity],
        trustedKeys: backups?.trustedKeys ?? [],
      });
      break;
    case 'Secret/acme-backups':
      manifest.stringData = {
        endpoint: backups?.access.endpoint ?? '',
        accountName: backups?.access.account ?? '',
        accountKey: backups?.access.key ?? '',
      };
      break;
    case 'Secret/acme-ssh':
      manifest.stringData = { 'ssh-privatekey': host.privateKey };
      break;
    case 'Secret/registry':
      manifest.stringData = { '.dockerconfigjson': dockerConfig(sandbox) };
      break;
    case 'JtelStack/acme': {
      const { host: exampleHost, network, backup, ...rest } = manifest.spec ?? {};
      manifest.spec = {
        ...rest,
        ...optional({ version }),
        ...(backup === undefined ? {} : { backup: { ...backup, identity: backups?.identity } }),
        ...spec,
        host: {
          ...(exampleHost as object),
          address: host.address,
          port: host.port,
          user: host.user,
          hostKeyFingerprints: [host.hostKeyFingerprint],
          ...(spec['host'] as object | undefined),
        },
        network: {
          ...(network as object),
          ...optional({ fqdn }),
          ...(spec['network'] as object | undefined),
        },
      };
      break;
    }
  }
}

export function dockerConfig(sandbox: Sandbox, password = sandbox.registry.password): string {
  return JSON.stringify({
    auths: { [sandbox.registry.address]: { username: sandbox.registry.username, password } },
  });
}
