/**
 * A real Kubernetes API: etcd, kube-apiserver and kube-controller-manager, each in its own container, so each
 * can be stopped and started alone. There is no kubelet: pods stay Pending.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { containerLog, ensureContainer, objectName } from '../context.ts';
import type { ContainerSpec, Outcome, SandboxContext } from '../context.ts';
import { addressOf } from '../network.ts';
import { baseImage } from '../../kit/base-image.ts';
import type { KubernetesBinaries } from '../kubernetes/kubernetes.ts';
import { buildImage } from '../../kit/image.ts';
import { sandboxDirectory } from '../../kit/paths.ts';
import { poll } from '../../kit/poll.ts';
import {
  apiServerPort,
  controlPlaneAlias,
  ensurePki,
  etcdAlias,
  readAuthority,
  serviceNetwork,
  userKubeconfig,
} from './pki.ts';

const image = 'jtel-sandbox/control-plane:trixie';
const auditLog = '/var/log/kubernetes-audit.log';
const pki = '/etc/kubernetes/pki';

export async function ensureControlPlane(
  context: SandboxContext,
  binaries: KubernetesBinaries,
): Promise<Outcome> {
  const { prefix } = context.network;
  const addresses = {
    controlPlane: `${prefix}.${addressOf.controlPlane}`,
    etcd: `${prefix}.${addressOf.etcd}`,
  };
  await Promise.all([
    ensurePki(context.name, context.directory, addresses),
    buildImage(context.docker, {
      tag: image,
      context: join(sandboxDirectory, 'images/control-plane'),
      bases: [baseImage],
    }),
  ]);
  const { certificate } = await readAuthority(context.directory);
  const inputs = createHash('sha256').update(certificate).update(binaries.version).digest('hex');
  const mounts = [
    ['--mount', `type=bind,src=${join(context.directory, 'pki')},dst=${pki},readonly`],
    ['--mount', `type=bind,src=${binaries.directory},dst=/opt/kubernetes,readonly`],
  ].flat();
  const part = (name: string, alias: string, address: string, command: readonly string[]): ContainerSpec => {
    return { part: name, role: 'control-plane', image, address, alias, options: mounts, command, inputs };
  };
  const manager = `${prefix}.${addressOf.controllerManager}`;
  const etcd = part('etcd', etcdAlias, addresses.etcd, etcdCommand(addresses.etcd));
  // A volume: hosts keep their stacks when the control plane's containers are replaced, so the cluster must
  // keep its objects too.
  await ensureContainer(context, { ...etcd, volumes: { etcd: '/var/lib/etcd' } });
  const { outcome } = await ensureContainer(
    context,
    part('kube-apiserver', controlPlaneAlias, addresses.controlPlane, apiServerCommand(addresses)),
  );
  await waitForReady(context, addresses.controlPlane, certificate);
  const controllerManager = part(
    'kube-controller-manager',
    'controller-manager.sandbox',
    manager,
    managerCommand(),
  );
  // It ends if it starts without an API server, and may end if it loses one.
  await ensureContainer(context, { ...controllerManager, options: [...mounts, '--restart', 'on-failure'] });
  return outcome;
}

/** Waits until the API server reports itself as ready. */
async function waitForReady(context: SandboxContext, address: string, authority: string): Promise<void> {
  try {
    await poll('the API server to be ready', 180, () => isReady(address, authority));
  } catch (error) {
    const said = await containerLog(context, 'kube-apiserver');
    throw new Error(`The API server of sandbox ${context.name} does not become ready. It said:\n${said}`, {
      cause: error,
    });
  }
}

function isReady(address: string, authority: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port: apiServerPort,
      path: '/readyz',
      ca: authority,
      agent: false,
      timeout: 5000,
    };
    request(options, (response) => resolve((response.resume(), response.statusCode === 200)))
      .on('timeout', function (this: { destroy(error: Error): void }) {
        this.destroy(new Error('no answer for 5 s'));
      })
      .on('error', reject)
      .end();
  });
}

/** One request to the API server, as its audit log has it (the fields that tests read). */
export interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number };
  readonly requestReceivedTimestamp: string;
}

interface AuditedReference {
  readonly resource?: string;
  readonly subresource?: string;
  readonly apiGroup?: string;
}

function usedRight(verb: string, { resource, subresource, apiGroup }: AuditedReference): string {
  const whole = [resource, subresource].filter(Boolean).join('/');
  return `${verb} ${[whole, apiGroup].filter(Boolean).join('.')}`;
}

/** A running control plane. */
export class ControlPlane {
  readonly #context: SandboxContext;

  constructor(context: SandboxContext) {
    this.#context = context;
  }

  /** `https://address:port`; works from the machine, from the sandbox's containers, and from containers on its hosts. */
  get server(): string {
    return `https://${this.#context.network.prefix}.${addressOf.controlPlane}:${apiServerPort}`;
  }

  /**
   * A kubeconfig of a user that has only the rights from RBAC, e.g.
   * `system:serviceaccount:jtel-system:jtel-operator`.
   */
  async kubeconfigFor(user: {
    readonly commonName: string;
    readonly organizations?: readonly string[];
  }): Promise<string> {
    return await userKubeconfig(
      this.#context.name,
      await readAuthority(this.#context.directory),
      this.server,
      user,
    );
  }

  /** Every request since the API server's container was made, oldest first. */
  async auditLog(): Promise<readonly AuditEvent[]> {
    const text = await this.#context.docker.exec(objectName(this.#context.name, 'kube-apiserver'), [
      'cat',
      auditLog,
    ]);
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditEvent);
  }

  /**
   * What a user did with one program since the API server's container was made, whatever came of it but a refusal of rights.
   * @returns each right once, in the words of RBAC: `patch jtelstacks/status.jtel.de`, `get secrets`
   */
  async rightsUsed(username: string, userAgent: string): Promise<ReadonlySet<string>> {
    // All of a long run is too much to read here, so the container leaves one line for each kind of request.
    const fields = 's/.*"verb":"([a-z]+)".*"objectRef":(\\{[^}]*\\}).*"code":([0-9]+).*/\\1 \\3 \\2/p';
    const names = 's/"(namespace|name|uid|resourceVersion|apiVersion)":"[^"]*",?//g';
    const script = `cat ${auditLog.replace('.log', '*.log')} | grep -F '"username":"${username}"' \\
      | grep -F '"userAgent":"${userAgent}' | sed -nE '${fields}' | sed -E '${names}; s/,\\}/}/' | sort -u`;
    const container = objectName(this.#context.name, 'kube-apiserver');
    const lines = await this.#context.docker.exec(container, ['sh', '-c', script]);
    return new Set(
      lines.split('\n').flatMap((line) => {
        const [, verb = '', code, reference] = /^([a-z]+) (\d+) (\{.*\})$/.exec(line) ?? [];
        return reference === undefined || code === '403'
          ? []
          : [usedRight(verb, JSON.parse(reference) as AuditedReference)];
      }),
    );
  }

  /** Stops the API server, as an outage. `start` starts it again and waits until it is ready. */
  async stop(): Promise<void> {
    await this.#context.docker.run(['stop', objectName(this.#context.name, 'kube-apiserver')]);
  }

  async start(): Promise<void> {
    await this.#context.docker.run(['start', objectName(this.#context.name, 'kube-apiserver')]);
    const authority = await readFile(join(this.#context.directory, 'pki/ca.crt'), 'utf8');
    await waitForReady(this.#context, `${this.#context.network.prefix}.${addressOf.controlPlane}`, authority);
  }
}

function etcdCommand(address: string): string[] {
  const flags = {
    'data-dir': '/var/lib/etcd/sandbox',
    'listen-client-urls': 'https://0.0.0.0:2379',
    'advertise-client-urls': `https://${address}:2379`,
    'cert-file': `${pki}/etcd.crt`,
    'key-file': `${pki}/etcd.key`,
    'trusted-ca-file': `${pki}/ca.crt`,
    'client-cert-auth': 'true',
    'unsafe-no-fsync': 'true', // a sandbox need not survive a power cut
    'log-level': 'warn',
  };
  return ['etcd', ...asFlags(flags)];
}

function apiServerCommand(addresses: { controlPlane: string }): string[] {
  const flags = {
    'etcd-servers': `https://${etcdAlias}:2379`,
    'etcd-cafile': `${pki}/ca.crt`,
    'etcd-certfile': `${pki}/kube-apiserver.crt`,
    'etcd-keyfile': `${pki}/kube-apiserver.key`,
    'tls-cert-file': `${pki}/kube-apiserver.crt`,
    'tls-private-key-file': `${pki}/kube-apiserver.key`,
    'client-ca-file': `${pki}/ca.crt`,
    'authorization-mode': 'RBAC',
    'service-account-issuer': `https://${controlPlaneAlias}:${apiServerPort}`,
    'service-account-key-file': `${pki}/service-account.pub`,
    'service-account-signing-key-file': `${pki}/service-account.key`,
    'service-cluster-ip-range': serviceNetwork,
    'advertise-address': addresses.controlPlane,
    'secure-port': String(apiServerPort),
    'audit-policy-file': '/etc/kubernetes/audit-policy.yaml',
    'audit-log-path': auditLog,
    'audit-log-maxsize': '100',
    'audit-log-maxbackup': '5',
  };
  return ['/opt/kubernetes/kube-apiserver', ...asFlags(flags)];
}

function managerCommand(): string[] {
  const flags = {
    kubeconfig: `${pki}/kube-controller-manager.kubeconfig`,
    'authentication-kubeconfig': `${pki}/kube-controller-manager.kubeconfig`,
    'authorization-kubeconfig': `${pki}/kube-controller-manager.kubeconfig`,
    'use-service-account-credentials': 'true',
    'service-account-private-key-file': `${pki}/service-account.key`,
    'root-ca-file': `${pki}/ca.crt`,
    'leader-elect': 'false',
  };
  return ['/opt/kubernetes/kube-controller-manager', ...asFlags(flags)];
}

function asFlags(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}
