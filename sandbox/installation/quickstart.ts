/** `examples/quickstart/` with the marked values filled in for a sandbox: parsed, changed, and only then written again. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Sandbox, SandboxHost } from '../index.ts';
import { repositoryDirectory } from '../support/paths.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string };
  spec?: Record<string, unknown>;
  stringData?: Record<string, string>;
}

export interface QuickstartOptions {
  readonly host: SandboxHost;
  readonly fqdn?: string;
  readonly namespace?: string;
  readonly version?: string;
  /** More of the stack's spec, merged over the example's (one level deep). */
  readonly spec?: Readonly<Record<string, unknown>>;
}

const quickstartDirectory = join(repositoryDirectory, 'examples/quickstart');

/** The manifests in the order of their files. */
export async function quickstart(sandbox: Sandbox, options: QuickstartOptions): Promise<readonly Manifest[]> {
  const manifests = await readExample();
  for (const manifest of manifests) fillIn(manifest, sandbox, options);
  return manifests;
}

async function readExample(): Promise<Manifest[]> {
  const files = (await readdir(quickstartDirectory)).filter((name) => name.endsWith('.yaml')).toSorted();
  const texts = await Promise.all(files.map((name) => readFile(join(quickstartDirectory, name), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
}

function fillIn(manifest: Manifest, sandbox: Sandbox, options: QuickstartOptions): void {
  const { host, namespace, fqdn, version, spec = {} } = options;
  if (namespace !== undefined) {
    if (manifest.kind === 'Namespace') manifest.metadata.name = namespace;
    else manifest.metadata.namespace = namespace;
  }
  switch (`${manifest.kind}/${manifest.metadata.name}`) {
    case 'JtelBackupStore/vendor':
      Object.assign(manifest.spec?.['azure'] ?? {}, { endpoint: sandbox.blob.vendor.endpoint, container: sandbox.blob.vendor.container });
      break;
    case 'Secret/vendor-store':
      manifest.stringData = { accountName: sandbox.blob.vendor.account, accountKey: sandbox.blob.vendor.key };
      break;
    case 'Secret/acme-ssh':
      manifest.stringData = { 'ssh-privatekey': host.privateKey };
      break;
    case 'Secret/registry':
      manifest.stringData = { '.dockerconfigjson': dockerConfig(sandbox) };
      break;
    case 'JtelStack/acme': {
      const { host: exampleHost, network, ...rest } = manifest.spec ?? {};
      manifest.spec = {
        ...rest,
        ...(version === undefined ? {} : { version }),
        ...spec,
        host: {
          ...(exampleHost as object),
          address: host.address,
          port: host.port,
          user: host.user,
          hostKeyFingerprints: [host.hostKeyFingerprint],
          ...(spec['host'] as object | undefined),
        },
        network: { ...(network as object), ...(fqdn === undefined ? {} : { fqdn }), ...(spec['network'] as object | undefined) },
      };
      break;
    }
  }
}

export function dockerConfig(sandbox: Sandbox, password = sandbox.registry.password): string {
  return JSON.stringify({ auths: { [sandbox.registry.address]: { username: sandbox.registry.username, password } } });
}
