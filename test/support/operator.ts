/**
 * The operator as tests and benchmarks run it: a real process (or container) with a kubeconfig, which can be asked to
 * stop, be killed in the middle of anything, and be started again. What it logs goes to a file.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../../sandbox/index.ts';
import { waitFor } from './wait.ts';

export interface OperatorOptions {
  /** File; see `installation.ts` for one with the operator's own rights. */
  readonly kubeconfig: string;
  /** `registry/path@sha256:…` */
  readonly toolboxImage: string;
  /** Default: all. */
  readonly namespaces?: readonly string[];
  readonly resyncSeconds?: number;
  /** Appended to, over restarts too (a container's last life is in it only after the next start: use `logs()`). */
  readonly logFile: string;
  /** More options of `jtel-operator run`. */
  readonly more?: readonly string[];
}

export interface RunningOperator {
  /** Waits until it holds its caches and answers /readyz. */
  ready(timeoutSeconds?: number): Promise<void>;
  /** As Kubernetes ends it: SIGTERM, then waits. The exit code must be 0 when it ended in order. */
  stop(): Promise<number>;
  /** As the power fails: SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`. */
  start(): Promise<void>;
  /** Whether it runs; a crash shows here. */
  isRunning(): Promise<boolean>;
  /** Resident memory in bytes. */
  residentBytes(): Promise<number>;
  readonly healthUrl: string;
  /** Of all its lives, oldest first. */
  logs(): Promise<string>;
}

const repository = fileURLToPath(new URL('../../', import.meta.url));
const stopSeconds = 60;

function runArguments(options: OperatorOptions, kubeconfig: string, healthPort: number): string[] {
  return [
    'run',
    `--kubeconfig=${kubeconfig}`,
    `--toolbox-image=${options.toolboxImage}`,
    '--lease-namespace=jtel-system',
    `--health-port=${healthPort}`,
    ...(options.namespaces ?? []).map((namespace) => `--namespace=${namespace}`),
    ...(options.resyncSeconds === undefined ? [] : [`--resync-seconds=${options.resyncSeconds}`]),
    ...(options.more ?? []),
  ];
}

/** Runs it from the working tree. */
export async function startOperatorProcess(options: OperatorOptions): Promise<RunningOperator> {
  const operator = new OperatorProcess(options, await freePort());
  await operator.start();
  return operator;
}

class OperatorProcess implements RunningOperator {
  readonly #options: OperatorOptions;
  readonly #port: number;
  #child: ChildProcess | undefined;

  constructor(options: OperatorOptions, port: number) {
    this.#options = options;
    this.#port = port;
  }

  get healthUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    if (await this.isRunning()) throw new Error('the operator runs already');
    const log = openSync(this.#options.logFile, 'a');
    try {
      this.#child = spawn(process.execPath, ['operator/bin/jtel-operator', ...runArguments(this.#options, this.#options.kubeconfig, this.#port)], {
        cwd: repository,
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
  }

  ready(timeoutSeconds = 30): Promise<void> {
    return waitUntilReady(this, timeoutSeconds);
  }

  async stop(): Promise<number> {
    this.#child?.kill('SIGTERM');
    return await waitFor('the operator to stop', () => exitCodeOf(this.#child), { timeoutSeconds: stopSeconds }).catch(async (error: unknown) => {
      await this.kill();
      throw error;
    });
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await waitFor('the operator to be gone', () => exitCodeOf(this.#child));
  }

  async isRunning(): Promise<boolean> {
    return this.#child !== undefined && exitCodeOf(this.#child) === undefined;
  }

  async residentBytes(): Promise<number> {
    return residentBytesOf(this.#child?.pid);
  }

  async logs(): Promise<string> {
    return readFileSync(this.#options.logFile, 'utf8');
  }
}

/** Runs it from its image, beside the sandbox, in the way that deploy/operator.yaml asks for. */
export async function startOperatorContainer(sandbox: Sandbox, image: string, options: OperatorOptions): Promise<RunningOperator> {
  const operator = new OperatorContainer(sandbox, image, options);
  await operator.start();
  return operator;
}

const containerHealthPort = 8080;

class OperatorContainer implements RunningOperator {
  readonly #sandbox: Sandbox;
  readonly #image: string;
  readonly #options: OperatorOptions;
  readonly #name: string;
  #address = '';

  constructor(sandbox: Sandbox, image: string, options: OperatorOptions) {
    this.#sandbox = sandbox;
    this.#image = image;
    this.#options = options;
    this.#name = `jtel-sandbox-${sandbox.name}-operator`;
  }

  get healthUrl(): string {
    return `http://${this.#address}:${containerHealthPort}`;
  }

  async start(): Promise<void> {
    const { docker, network, name } = this.#sandbox;
    appendFileSync(this.#options.logFile, await this.#currentLogs());
    await docker.remove(this.#name);
    const kubeconfig = '/etc/jtel/kubeconfig';
    const precautions = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
    const place = ['--name', this.#name, '--network', network, '--label', `jtel.de/sandbox=${name}`];
    const mount = ['--mount', `type=bind,src=${this.#options.kubeconfig},dst=${kubeconfig},readonly`];
    await docker.run(['run', '-d', ...place, ...precautions, ...mount, this.#image, ...runArguments(this.#options, kubeconfig, containerHealthPort)]);
    this.#address = (await docker.container(this.#name))?.NetworkSettings.Networks[network]?.IPAddress ?? '';
  }

  ready(timeoutSeconds = 30): Promise<void> {
    return waitUntilReady(this, timeoutSeconds);
  }

  async stop(): Promise<number> {
    await this.#sandbox.docker.run(['stop', '--time', String(stopSeconds), this.#name]);
    return Number(await this.#sandbox.docker.run(['inspect', '--format', '{{.State.ExitCode}}', this.#name]));
  }

  async kill(): Promise<void> {
    await this.#sandbox.docker.run(['kill', this.#name]);
    await waitFor('the operator to be gone', async () => !(await this.isRunning()));
  }

  async isRunning(): Promise<boolean> {
    return (await this.#sandbox.docker.container(this.#name))?.State.Running ?? false;
  }

  async residentBytes(): Promise<number> {
    return residentBytesOf((await this.#sandbox.docker.container(this.#name))?.State.Pid);
  }

  async logs(): Promise<string> {
    const earlier = existsSync(this.#options.logFile) ? readFileSync(this.#options.logFile, 'utf8') : '';
    return earlier + (await this.#currentLogs());
  }

  async #currentLogs(): Promise<string> {
    const { stdout, stderr } = await this.#sandbox.docker.tryRun(['logs', this.#name]);
    return stderr.includes('No such container') ? '' : stdout + stderr;
  }
}

async function waitUntilReady(operator: RunningOperator, timeoutSeconds: number): Promise<void> {
  let ended = false;
  try {
    await waitFor(
      'the operator to be ready',
      async () => {
        ended = !(await operator.isRunning());
        if (ended) return true;
        const answer = await fetch(`${operator.healthUrl}/readyz`, { signal: AbortSignal.timeout(2000) });
        return answer.ok;
      },
      { timeoutSeconds, intervalMilliseconds: 100 },
    );
  } catch (error) {
    throw new Error(`the operator is not ready after ${timeoutSeconds} s; it logged:\n${tail(await operator.logs())}`, { cause: error });
  }
  if (ended) throw new Error(`the operator ended by itself; it logged:\n${tail(await operator.logs())}`);
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}

/** As a shell tells it: 128 + n when it was ended by signal n (SIGKILL: 137, SIGTERM: 143); undefined while it runs. */
function exitCodeOf(child: ChildProcess | undefined): number | undefined {
  if (child === undefined) return 0;
  if (child.signalCode !== null) return child.signalCode === 'SIGKILL' ? 137 : 143;
  return child.exitCode ?? undefined;
}

function residentBytesOf(pid: number | undefined): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line?.[1] === undefined) throw new Error(`process ${pid} tells no resident memory`);
  return Number(line[1]) * 1024;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
