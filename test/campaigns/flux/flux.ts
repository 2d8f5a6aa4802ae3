/** Flux in a sandbox's cluster: its kinds, and its two controllers as processes of this machine, with the rights that it has by default. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { waitFor } from '../../support/wait.ts';
import { ensureFlux, fluxDefinitions } from './programs.ts';

export const fluxNamespace = 'flux-system';

export interface Kustomization {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly lastAppliedRevision?: string;
    readonly lastAttemptedRevision?: string;
  };
}

export class Flux implements AsyncDisposable {
  readonly #kubectl: Kubectl;
  readonly #controllers: readonly ChildProcess[];

  private constructor(kubectl: Kubectl, controllers: readonly ChildProcess[]) {
    this.#kubectl = kubectl;
    this.#controllers = controllers;
  }

  /** @param folder for artifacts and logs */
  static async start(kubectl: Kubectl, folder: string): Promise<Flux> {
    const programs = await ensureFlux();
    for (const definitions of await fluxDefinitions())
      await kubectl.run(['apply', '--server-side', '--force-conflicts', '-f', definitions]);
    await kubectl.run(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: fluxNamespace } }]);
    const storage = join(folder, 'artifacts');
    await mkdir(storage, { recursive: true });
    const address = `127.0.0.1:${await freePort()}`;
    const source = ['--storage-path', storage, '--storage-addr', address, '--storage-adv-addr', address];
    // docs/customer-repo.md asks for it, and says why.
    const apply = ['--feature-gates', 'CancelHealthCheckOnNewRevision=true'];
    return new Flux(kubectl, [
      await startController(programs['source-controller'], source, kubectl.kubeconfig, folder),
      await startController(programs['kustomize-controller'], apply, kubectl.kubeconfig, folder),
    ]);
  }

  /** Looks at git at once, as `flux reconcile source git` does. */
  async fetch(): Promise<void> {
    const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`;
    await this.#annotate('gitrepository', 'customers', now);
  }

  /** Applies once more what was fetched, as `flux reconcile kustomization` does. */
  async reconcile(name: string): Promise<void> {
    const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`;
    await this.#annotate('kustomization', name, now);
  }

  async kustomization(name: string): Promise<Kustomization> {
    return await this.#kubectl.json<Kustomization>(['get', 'kustomization', name, '-n', fluxNamespace]);
  }

  /**
   * Such as `True ReconciliationSucceeded`.
   * @param commit what it said of another one does not count
   */
  async said(name: string, commit = ''): Promise<string | undefined> {
    const { status } = await this.kustomization(name);
    if (status?.lastAttemptedRevision?.endsWith(commit) === false) return undefined;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return `${ready?.status} ${ready?.reason}`;
  }

  /** Waits until Flux says of a commit that all of it is as it should be, or with another reason that it is not. */
  async until(name: string, commit: string, reason: string, timeoutSeconds = 120): Promise<string> {
    let last = 'nothing';
    return await waitFor(
      () => `Kustomization ${name} to be ${reason} at ${commit.slice(0, 7)}; it is ${last}`,
      async () => {
        const { status } = await this.kustomization(name);
        const ready = status?.conditions?.find(({ type }) => type === 'Ready');
        last = JSON.stringify({ ...status, conditions: [ready] });
        const isOf = status?.lastAttemptedRevision?.endsWith(commit) === true;
        return isOf && ready?.reason === reason && (ready.message || reason);
      },
      { timeoutSeconds, intervalMilliseconds: 500 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const controller of this.#controllers) {
      if (controller.exitCode !== null || controller.signalCode !== null) continue;
      const ended = once(controller, 'close');
      controller.kill('SIGTERM');
      await ended;
    }
  }

  async #annotate(kind: string, name: string, annotation: string): Promise<void> {
    await this.#kubectl.run(['annotate', '--overwrite', kind, name, '-n', fluxNamespace, annotation]);
  }
}

async function startController(
  program: string,
  args: readonly string[],
  kubeconfig: string,
  folder: string,
): Promise<ChildProcess> {
  const name = program.slice(program.lastIndexOf('/') + 1);
  const log = await open(join(folder, `${name}.log`), 'a', 0o600);
  const quiet = ['--metrics-addr', '127.0.0.1:0', '--health-addr', '127.0.0.1:0'];
  const controller = spawn(program, [...quiet, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      TMPDIR: folder,
      KUBECONFIG: kubeconfig,
      RUNTIME_NAMESPACE: fluxNamespace,
    },
    stdio: ['ignore', log.fd, log.fd],
  });
  await once(controller, 'spawn');
  await log.close();
  return controller;
}

/** source-controller is told the port by which kustomize-controller reaches it, so it cannot choose one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
