/** The operator of a build, as a process of its own over a real API server, with hosts that are only in memory. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../kit/process.ts';
import { waitFor } from '../../test/support/wait.ts';
import {
  leastUsageWanted,
  settingsVariable,
  sharedClock,
  usageWanted,
  type FleetSettings,
  type HostCall,
  type Look,
  type Report,
  type Usage,
} from './messages.ts';

const replacement = fileURLToPath(new URL('inside/replace.ts', import.meta.url));
/** As image and chart give them. */
const flags = ['--max-opt=2', '--liftoff-only', '--expose-gc'];
/** Never pulled, because no host is real. */
const toolbox = `registry.invalid/jtel/toolbox@sha256:${'7'.repeat(64)}`;

export interface FleetOperatorOptions extends FleetSettings {
  readonly kubeconfig: string;
  readonly logFile: string;
  /** Where its Lease lies; the namespace must exist. */
  readonly leaseNamespace: string;
  /** Further arguments of `jtel-operator run`. */
  readonly args?: readonly string[];
}

export class FleetOperator {
  /** By the shared clock. */
  readonly startedAt = sharedClock();
  /** When the first look at each address ended, by the shared clock. */
  readonly observed = new Map<string, number>();
  /** Is told of each call of a host. */
  onCall: ((call: HostCall) => void) | undefined;
  /** Is told of each look that ended. */
  onLook: ((look: Look) => void) | undefined;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, logFile: string) {
    this.#child = child;
    this.#logFile = logFile;
    this.#ended = once(child, 'exit');
    child.on('message', ({ calls = [], observed = [], looks = [] }: Report) => {
      for (const call of calls) this.onCall?.(call);
      for (const look of looks) this.onLook?.(look);
      for (const { address, endedAt } of observed)
        if (!this.observed.has(address)) this.observed.set(address, endedAt);
    });
  }

  static async start(options: FleetOperatorOptions): Promise<FleetOperator> {
    const { kubeconfig, logFile, leaseNamespace, args = [], ...settings } = options;
    const output = await open(logFile, 'w', 0o600);
    const program = join(settings.tree, 'operator/bin/jtel-operator');
    // Earlier builds allow by themselves what these flags allow.
    const known = await run([process.execPath, program, 'run', '--help']);
    const allowing = ['--allow-unsigned-releases', '--allow-endpoint-range 127.0.0.0/8'].filter((flag) =>
      known.includes(`${flag.split(' ')[0] ?? ''} `),
    );
    const words = [
      `--kubeconfig ${kubeconfig} --lease-namespace ${leaseNamespace} --toolbox-image ${toolbox}`,
      // Renewing the Lease more often would count as writes.
      '--lease-duration-seconds 300 --monitor-seconds 0 --health-port 0',
      '--log-format json --log-level warn',
      ...allowing,
    ].flatMap((line) => line.split(' '));
    const child = spawn(
      process.execPath,
      [...flags, '--import', replacement, program, 'run', ...words, ...args],
      {
        stdio: ['ignore', output.fd, output.fd, 'ipc'],
        env: { ...process.env, [settingsVariable]: JSON.stringify(settings satisfies FleetSettings) },
      },
    );
    const operator = new FleetOperator(child, logFile);
    await once(child, 'spawn');
    await output.close();
    return operator;
  }

  /** Waits until it has looked at these hosts. @returns seconds since the process started */
  async untilObserved(addresses: readonly string[], timeoutSeconds: number): Promise<number> {
    const missing = (): readonly string[] => addresses.filter((address) => !this.observed.has(address));
    await waitFor(
      () => `looks at ${missing().length} of ${addresses.length} hosts`,
      () => this.#alive() && missing().length === 0,
      { timeoutSeconds, intervalMilliseconds: 50 },
    );
    const last = Math.max(...addresses.map((address) => this.observed.get(address) ?? 0));
    return (last - this.startedAt) / 1000;
  }

  /** @param least collects garbage before */
  async usage(least?: 'least'): Promise<Usage> {
    this.#alive();
    const told = new Promise<Usage>((resolve) => {
      const hear = ({ usage }: Report): void => {
        if (usage === undefined) return;
        this.#child.off('message', hear);
        resolve(usage);
      };
      this.#child.on('message', hear);
    });
    this.#child.send(least === undefined ? usageWanted : leastUsageWanted);
    return await Promise.race([told, this.#ended.then(() => this.#failed())]);
  }

  async log(): Promise<string> {
    return await readFile(this.#logFile, 'utf8');
  }

  /** Stops it for a while, lets it go on, or kills it as a power failure would. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(name);
  }

  /** As `kubectl delete pod` would. Keeps the hosts. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.#ended;
  }

  #alive(): true {
    return this.#child.exitCode === null && this.#child.signalCode === null ? true : this.#failed();
  }

  #failed(): never {
    throw new Error(`the operator ended with code ${this.#child.exitCode ?? '?'}: see ${this.#logFile}`);
  }
}
