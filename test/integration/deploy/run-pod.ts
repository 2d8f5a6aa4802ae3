/**
 * Runs a pod of the operator's image as the kubelet would, with Docker: the real image and its entry point, the pod's arguments,
 * user, restrictions and memory, and its ServiceAccount's token where programs in a cluster look for it.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { operatorImage } from '../../../images/images.ts';
import type { RunResult } from '../../../kit/process.ts';
import type { Sandbox } from '../../../sandbox/index.ts';
import type { Kubectl } from '../../../sandbox/installation/kubectl.ts';

const accountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
}

/** @returns how its container ended */
export async function runPod(
  sandbox: Sandbox,
  kubectl: Kubectl,
  { metadata, spec }: V1Pod,
): Promise<RunResult> {
  const [container] = spec?.containers ?? [];
  const { namespace = '' } = metadata ?? {};
  if (container === undefined || spec?.serviceAccountName === undefined)
    throw new Error('a pod without container or account');
  const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext ?? {};
  const config = parse(await readFile(sandbox.inClusterKubeconfigPath, 'utf8')) as Kubeconfig;
  const [{ cluster } = { cluster: undefined }] = config.clusters;
  if (cluster === undefined) throw new Error('no cluster');
  const { hostname, port } = new URL(cluster.server);
  const account = await mkdtemp(join(sandbox.directory, 'account-'));
  try {
    const token = await kubectl.run(['create', 'token', spec.serviceAccountName, '-n', namespace]);
    const files = {
      token: token.trim(),
      'ca.crt': Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
      namespace,
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(account, name), content);
    await chmod(account, 0o755);
    return await sandbox.docker.tryRun(
      [
        ['run', '--rm', '--network', sandbox.network],
        ['--mount', `type=bind,src=${account},dst=${accountDirectory},readonly`],
        ['--env', `KUBERNETES_SERVICE_HOST=${hostname}`, '--env', `KUBERNETES_SERVICE_PORT=${port}`],
        (container.env ?? []).flatMap(({ name, value }) => ['--env', `${name}=${value ?? ''}`]),
        readOnlyRootFilesystem === true ? ['--read-only'] : [],
        (capabilities?.drop ?? []).flatMap((one) => ['--cap-drop', one]),
        allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : [],
        ['--memory', (container.resources?.limits?.['memory'] ?? '').replace('Mi', 'm')],
        [operatorImage, ...(container.args ?? [])],
      ].flat(),
    );
  } finally {
    await rm(account, { recursive: true });
  }
}
