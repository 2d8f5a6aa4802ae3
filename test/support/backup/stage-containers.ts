/** Containers in the network of a {@link DatabaseStage}. */
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { Docker } from '../../../kit/docker.ts';

interface ContainerOptions {
  readonly user?: string;
  readonly entrypoint?: string;
  readonly memory?: string;
  /** Replaces the stage's own. */
  readonly network?: string;
  /** Further arguments of `docker`. */
  readonly more?: readonly string[];
  /** `volume:path`. */
  readonly volumes?: readonly string[];
}

export class StageContainers {
  readonly #docker: Docker;
  readonly #network: string;
  readonly #label: string;

  constructor(docker: Docker, network: string, label: string) {
    this.#docker = docker;
    this.#network = network;
    this.#label = label;
  }

  /** @param command the image and its arguments */
  async make(
    verb: 'create' | 'run',
    name: string,
    { network = this.#network, more = [], volumes = [], ...options }: ContainerOptions,
    command: readonly string[],
  ): Promise<void> {
    const begin = verb === 'run' ? ['run', '-d'] : ['create'];
    await this.#docker.run([
      ...begin,
      '--name',
      name,
      '--label',
      this.#label,
      '--network',
      network,
      ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]),
      ...volumes.flatMap((volume) => ['-v', volume]),
      ...more,
      ...command,
    ]);
  }

  /** Puts a file there that only root reads, before the container starts. */
  async put(container: string, path: string, content: string): Promise<void> {
    const archive = pack();
    const directory = path.slice(1, path.lastIndexOf('/') + 1);
    archive.entry({ name: directory, type: 'directory', mode: 0o700 });
    archive.entry({ name: path.slice(1), mode: 0o600 }, content);
    archive.finalize();
    await this.#docker.run(['cp', '-', `${container}:/`], { input: await buffer(archive) });
  }
}
