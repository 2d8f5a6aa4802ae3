/**
 * The outer Docker Engine, through its command line: every machine has that, whatever its version, and people
 * type the same to look into a sandbox. Containers, volumes and networks made here carry the sandbox's label.
 */
import { run, tryRun } from './process.ts';
import type { RunOptions, RunResult } from './process.ts';

export const sandboxLabel = 'jtel.de/sandbox';
/** What a container was made from; another value means that it must be made again. */
export const inputsLabel = 'jtel.de/sandbox-inputs';
/** The part that a container plays: host, registry, blob, control-plane, … */
export const roleLabel = 'jtel.de/sandbox-role';

/** The used parts of `docker inspect`. */
export interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: { readonly Running: boolean; readonly Status: string; readonly Pid: number };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<
        string,
        { readonly IPAddress: string; readonly IPAMConfig: { readonly IPv4Address?: string } | null }
      >
    >;
    readonly Ports: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    >;
  };
}

export class Docker {
  readonly #prefix: readonly string[];

  /** @param prefix the command that talks to the engine: `['docker']`, or with sudo in front. */
  constructor(prefix: readonly string[]) {
    this.#prefix = prefix;
  }

  /** Runs `docker ARGS` and returns its output. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return (await run([...this.#prefix, ...args], options)).trim();
  }

  tryRun(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return tryRun([...this.#prefix, ...args], options);
  }

  /** All containers of a sandbox, including stopped ones. */
  async containers(sandbox: string): Promise<readonly InspectedContainer[]> {
    const ids = await this.run(['ps', '-aq', '--no-trunc', '--filter', `label=${sandboxLabel}=${sandbox}`]);
    if (ids === '') return [];
    const inspected = await this.tryRun(['container', 'inspect', ...ids.split('\n')]);
    // If a container disappears meanwhile, the command fails but still prints the others.
    return JSON.parse(inspected.stdout || '[]') as InspectedContainer[];
  }

  async container(name: string): Promise<InspectedContainer | undefined> {
    const inspected = await this.tryRun(['container', 'inspect', name]);
    if (inspected.code === 0) return (JSON.parse(inspected.stdout) as InspectedContainer[])[0];
    if (/no such container/i.test(inspected.stderr)) return undefined;
    throw new Error(`docker container inspect ${name} failed: ${inspected.stderr.trim()}`);
  }

  /** Id of an image; undefined if it is not here. */
  async imageID(reference: string): Promise<string | undefined> {
    const inspected = await this.tryRun(['image', 'inspect', '--format', '{{.Id}}', reference]);
    return inspected.code === 0 ? inspected.stdout.trim() : undefined;
  }

  /** Runs a command in a container. Pass secrets by `options.input`. */
  async exec(container: string, command: readonly string[], options: RunOptions = {}): Promise<string> {
    return await this.run(
      ['exec', ...(options.input === undefined ? [] : ['-i']), container, ...command],
      options,
    );
  }

  async remove(container: string): Promise<void> {
    const removed = await this.tryRun(['rm', '-f', '-v', container]);
    if (removed.code !== 0 && !/no such container/i.test(removed.stderr)) {
      throw new Error(`container ${container} could not be removed: ${removed.stderr.trim()}`);
    }
  }
}
