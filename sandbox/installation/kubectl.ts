/** kubectl as a person would use it: the demo shows its output, tests read it. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { pinnedVersion } from '../kubernetes/kubernetes.ts';
import { cacheDirectory, repositoryDirectory } from '../../kit/paths.ts';
import { run, tryRun, type RunOptions, type RunResult } from '../../kit/process.ts';

/** `kubectl jtel` works if this is in the PATH. */
export const pluginDirectory = join(repositoryDirectory, 'kubectl-jtel/bin');

export class Kubectl {
  readonly binary: string;
  readonly kubeconfig: string;

  constructor(binary: string, kubeconfig: string) {
    this.binary = binary;
    this.kubeconfig = kubeconfig;
  }

  /** The one that was built or downloaded with the control plane, else the machine's own. */
  static async find(kubeconfig: string): Promise<Kubectl> {
    const cached = join(cacheDirectory, 'kubernetes', await pinnedVersion(), 'kubectl');
    const usable = await access(cached, constants.X_OK).then(
      () => true,
      () => false,
    );
    return new Kubectl(usable ? cached : 'kubectl', kubeconfig);
  }

  /** Runs `kubectl ARGS`, which must succeed, and returns its output. */
  run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return run([this.binary, '--kubeconfig', this.kubeconfig, ...args], { timeoutSeconds: 180, ...options });
  }

  /**
   * `kubectl jtel ARGS`. kubectl would find it in the PATH and pass everything on; here it is called
   * directly.
   */
  jtel(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return run([join(pluginDirectory, 'kubectl-jtel'), ...args, '--kubeconfig', this.kubeconfig], {
      timeoutSeconds: 180,
      ...options,
    });
  }

  tryRun(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return tryRun([this.binary, '--kubeconfig', this.kubeconfig, ...args], {
      timeoutSeconds: 180,
      ...options,
    });
  }

  /** Applies manifests. They go in by stdin, so Secrets appear in no argument and no file. */
  async apply(manifests: readonly unknown[]): Promise<string> {
    return this.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      input: manifests.map((each) => JSON.stringify(each)).join('\n---\n'),
    });
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '-o', 'json'])) as T;
  }
}
