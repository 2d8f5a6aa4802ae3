/**
 * Plays the kubelet of one namespace, because the sandbox has none: each pod of the operator becomes a
 * process of this machine with the pod's arguments, environment and ServiceAccount, and is ready when it says
 * so itself. Of the pods of the chart's test, the one with a command of its own runs that against it; the one with
 * arguments for the operator's image becomes a container of that image (see run-pod.ts).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { tryRun } from '../../../kit/process.ts';
import type { Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { waitFor } from '../../support/wait.ts';
import { runPod } from './run-pod.ts';

interface Played {
  readonly process: ChildProcess;
  /** The port where it reports its health. */
  readonly port: number;
}

export class PlayedPods {
  readonly #sandbox: Sandbox;
  readonly #kubectl: Kubectl;
  readonly #namespace: string;
  readonly #operators = new Map<string, Played>();
  readonly #seen = new Set<string>();
  /** What the containers of the chart's test printed last, by the names of their pods. */
  readonly printed = new Map<string, string>();
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  private constructor(sandbox: Sandbox, kubectl: Kubectl, namespace: string) {
    this.#sandbox = sandbox;
    this.#kubectl = kubectl;
    this.#namespace = namespace;
    this.#loop = this.#run();
  }

  static async start(sandbox: Sandbox, namespace: string): Promise<PlayedPods> {
    return new PlayedPods(sandbox, await Kubectl.find(sandbox.kubeconfigPath), namespace);
  }

  /** Ends the processes. @throws what went wrong with one of the pods. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    try {
      await this.#loop;
    } finally {
      for (const name of this.#operators.keys()) await this.#end(name);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const { items } = await this.#kubectl.json<{ items: V1Pod[] }>(['get', 'pods', '-n', this.#namespace]);
      const names = items.map(({ metadata }) => metadata?.name ?? '');
      for (const name of this.#operators.keys()) if (!names.includes(name)) await this.#end(name);
      for (const [index, pod] of items.entries()) await this.#playOnce(names[index] ?? '', pod);
      await pause(200, undefined, { signal }).catch(() => {});
    }
  }

  async #playOnce(name: string, pod: V1Pod): Promise<void> {
    const [container] = pod.spec?.containers ?? [];
    if (container === undefined || this.#seen.has(pod.metadata?.uid ?? '')) return;
    this.#seen.add(pod.metadata?.uid ?? '');
    if (container.args?.[0] === 'check') {
      const { code, stdout, stderr } = await runPod(this.#sandbox, this.#kubectl, pod);
      this.printed.set(name, `${stdout}${stderr}`);
      await this.#writeStatus(name, { phase: code === 0 ? 'Succeeded' : 'Failed' });
    } else if (container.command === undefined) {
      const played = await this.#startOperator(pod, container);
      this.#operators.set(name, played);
      await waitFor(
        `${name} to be ready`,
        async () => (await fetch(`http://127.0.0.1:${played.port}/readyz`)).ok,
      );
      await this.#writeStatus(name, { phase: 'Running', conditions: [isReady()] });
    } else {
      await this.#writeStatus(name, { phase: await this.#runCommand(container) });
    }
  }

  async #startOperator(pod: V1Pod, container: V1Container): Promise<Played> {
    const fields: Readonly<Record<string, string | undefined>> = {
      'metadata.name': pod.metadata?.name,
      'metadata.namespace': pod.metadata?.namespace,
    };
    const env = Object.fromEntries(
      (container.env ?? []).map(({ name, value, valueFrom }) => [
        name,
        value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ''] ?? '',
      ]),
    );
    // Several run on this machine.
    const folders = await this.#mountedFolders(pod, container);
    const args = (container.args ?? [])
      .map((arg) => folders.reduce((text, [inPod, here]) => text.replace(`=${inPod}/`, `=${here}/`), arg))
      .map((arg) => arg.replaceAll(/\$\((\w+)\)/g, (_, name: string) => env[name] ?? ''))
      .map((arg) => arg.replace('--health-port=8080', '--health-port=0'));
    const child = spawn(
      process.execPath,
      [join(repositoryDirectory, 'operator/bin/jtel-operator'), ...args, '--log-format=json'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          KUBECONFIG: await this.#kubeconfigOf(pod.spec?.serviceAccountName ?? ''),
          ...env,
        },
      },
    );
    return { process: child, port: await healthPort(child) };
  }

  /** The ConfigMaps that the container mounts, as folders of this machine: where in the pod, and where here. */
  async #mountedFolders(
    pod: V1Pod,
    { volumeMounts = [] }: V1Container,
  ): Promise<readonly (readonly [string, string])[]> {
    const folders: [string, string][] = [];
    for (const { name, mountPath } of volumeMounts) {
      const source = pod.spec?.volumes?.find((volume) => volume.name === name)?.configMap?.name;
      if (source === undefined) continue;
      const get = ['get', 'configmap', source, '-n', this.#namespace];
      const { data = {} } = await this.#kubectl.json<{ data?: Record<string, string> }>(get);
      const here = await mkdtemp(join(this.#sandbox.directory, 'mounted-'));
      for (const [file, content] of Object.entries(data)) await writeFile(join(here, file), content);
      folders.push([mountPath, here]);
    }
    return folders;
  }

  /** @returns the phase that the pod ends in. */
  async #runCommand({ command = [] }: V1Container): Promise<'Succeeded' | 'Failed'> {
    const [operator] = this.#operators.values();
    const here = command.map((word) =>
      word.replace(/^http:\/\/[^/]+:8080\//, `http://127.0.0.1:${operator?.port ?? 0}/`),
    );
    const { code, stdout, stderr } = await tryRun(here, { env: { PATH: process.env['PATH'] } });
    process.stdout.write(`${stdout}${stderr}`);
    return code === 0 ? 'Succeeded' : 'Failed';
  }

  async #writeStatus(name: string, status: object): Promise<void> {
    const patch = ['patch', 'pod', name, '-n', this.#namespace, '--subresource=status', '--type=merge'];
    await this.#kubectl.run([...patch, '-p', JSON.stringify({ status })]);
  }

  async #kubeconfigOf(account: string): Promise<string> {
    const token = (await this.#kubectl.run(['create', 'token', account, '-n', this.#namespace])).trim();
    const config = parse(await readFile(this.#sandbox.kubeconfigPath, 'utf8')) as {
      users: { name: string; user: object }[];
    };
    const path = join(this.#sandbox.directory, `${account}.kubeconfig`);
    const users = config.users.map(({ name }) => ({ name, user: { token } }));
    await writeFile(path, stringify({ ...config, users }), { mode: 0o600 });
    return path;
  }

  async #end(name: string): Promise<void> {
    const child = this.#operators.get(name)?.process;
    this.#operators.delete(name);
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

function isReady(): object {
  return { type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() };
}

/** Waits until the operator has printed its port and is ready there. */
async function healthPort(child: ChildProcess): Promise<number> {
  if (child.stderr === null) throw new Error('the operator has no output');
  const said: string[] = [];
  let port: number | undefined;
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    const entry = JSON.parse(line) as { message?: string; healthPort?: number };
    if (entry.message !== 'operator started' || entry.healthPort === undefined) continue;
    port = entry.healthPort;
    break;
  }
  if (port === undefined) throw new Error(`the operator ended:\n${said.join('\n')}`);
  // Its further output is not read, but must not block it.
  child.stderr.resume();
  return port;
}
