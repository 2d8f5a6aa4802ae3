/**
 * The keys and certificates of etcd, kube-apiserver and kube-controller-manager, in `.sandbox/<name>/pki`.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDirectory } from '../../kit/paths.ts';
import { writePrivate } from '../secrets.ts';
import { createAuthority, createSigningKey, isValidFor, issue } from './certificates.ts';
import type { CertificateRequest, KeyPair } from './certificates.ts';
import { kubeconfig } from './kubeconfig.ts';

export interface ControlPlaneAddresses {
  readonly controlPlane: string;
  readonly etcd: string;
}

/** Name of the API server in the sandbox's network, and the first address of the service network. */
export const controlPlaneAlias = 'control-plane.sandbox';
export const etcdAlias = 'etcd.sandbox';
export const serviceNetwork = '10.96.0.0/16';
const servicesFirstAddress = '10.96.0.1';
export const apiServerPort = 6443;

export interface Kubeconfigs {
  /** By address: works from the machine and from every container of the sandbox. */
  readonly admin: string;
  /** By name: for containers of the sandbox's network. */
  readonly adminInNetwork: string;
}

export function kubeconfigPaths(directory: string): Kubeconfigs {
  return { admin: join(directory, 'kubeconfig'), adminInNetwork: join(directory, 'kubeconfig.in-network') };
}

/** Makes or keeps the whole set. A set for other addresses, or one that expires soon, is made again. */
export async function ensurePki(
  sandbox: string,
  directory: string,
  addresses: ControlPlaneAddresses,
): Promise<void> {
  const pki = join(directory, 'pki');
  const inputs = JSON.stringify({ format: 1, addresses });
  const complete = await readFile(join(pki, 'inputs.json'), 'utf8').catch(() => '');
  const present = complete === inputs ? await readAuthority(directory).catch(() => undefined) : undefined;
  if (present && isValidFor(present.certificate, 14, new Date())) return;
  await rm(pki, { recursive: true, force: true });
  await makePrivateDirectory(pki);

  const authority = await createAuthority(`jtel-sandbox ${sandbox}`);
  const pair = async (name: string, { certificate, key }: KeyPair): Promise<void> => {
    await writePrivate(join(pki, `${name}.crt`), certificate);
    await writePrivate(join(pki, `${name}.key`), key);
  };
  await pair('ca', authority);
  const servers: Record<string, CertificateRequest> = {
    etcd: { commonName: 'etcd', dns: [etcdAlias, 'localhost'], ips: [addresses.etcd, '127.0.0.1'] },
    'kube-apiserver': {
      commonName: 'kube-apiserver',
      dns: [controlPlaneAlias, 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'],
      ips: [addresses.controlPlane, servicesFirstAddress, '127.0.0.1'],
    },
  };
  for (const [name, request] of Object.entries(servers)) await pair(name, await issue(authority, request));

  const signing = await createSigningKey();
  await writePrivate(join(pki, 'service-account.key'), signing.key);
  await writePrivate(join(pki, 'service-account.pub'), signing.publicKey);

  const manager = await userKubeconfig(sandbox, authority, `https://${controlPlaneAlias}:${apiServerPort}`, {
    commonName: 'system:kube-controller-manager',
  });
  await writePrivate(join(pki, 'kube-controller-manager.kubeconfig'), manager);
  const admin = { commonName: 'sandbox-admin', organizations: ['system:masters'] };
  const paths = kubeconfigPaths(directory);
  const byAddress = `https://${addresses.controlPlane}:${apiServerPort}`;
  await writePrivate(paths.admin, await userKubeconfig(sandbox, authority, byAddress, admin));
  const byName = `https://${controlPlaneAlias}:${apiServerPort}`;
  await writePrivate(paths.adminInNetwork, await userKubeconfig(sandbox, authority, byName, admin));
  await writePrivate(join(pki, 'inputs.json'), inputs); // last: without it the set does not count as made
}

/**
 * A kubeconfig for any user or service account (`system:serviceaccount:<namespace>:<name>`); RBAC decides its
 * rights.
 */
export async function userKubeconfig(
  sandbox: string,
  authority: KeyPair,
  server: string,
  user: { readonly commonName: string; readonly organizations?: readonly string[] },
): Promise<string> {
  return kubeconfig({
    cluster: `jtel-sandbox-${sandbox}`,
    server,
    authority: authority.certificate,
    user: user.commonName,
    client: await issue(authority, user),
  });
}

export async function readAuthority(directory: string): Promise<KeyPair> {
  const read = (name: string): Promise<string> => readFile(join(directory, 'pki', name), 'utf8');
  return { certificate: await read('ca.crt'), key: await read('ca.key') };
}
