/** The sandbox's image registry: Debian's, with a user and password, under one name for all hosts. */
import { join } from 'node:path';
import { containerLog, ensureContainer, objectName } from './context.ts';
import type { Outcome, SandboxContext } from './context.ts';
import { addressOf } from './network.ts';
import { registryUser, secretFiles, writePrivate } from './secrets.ts';
import type { SandboxSecrets } from './secrets.ts';
import { baseImage } from '../kit/base-image.ts';
import { buildImage } from '../kit/image.ts';
import { makePrivateDirectory, sandboxDirectory } from '../kit/paths.ts';
import { poll } from '../kit/poll.ts';

const image = 'jtel-sandbox/registry:trixie';
const registryAlias = 'registry.sandbox';
const port = 5000;
const manifestTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];

export interface PushedImage {
  /** As the hosts know it: `registry.sandbox:5000/<path>`, no tag. */
  readonly repository: string;
  readonly tag: string;
  /** `sha256:…` */
  readonly digest: string;
}

export async function ensureRegistry(context: SandboxContext, secrets: SandboxSecrets): Promise<Outcome> {
  const logFile = join(context.directory, 'build.log');
  await buildImage(context.docker, {
    tag: image,
    context: join(sandboxDirectory, 'images/registry'),
    bases: [baseImage],
    logFile,
  });
  const users = secretFiles(context.directory).registryUsers;
  const { outcome } = await ensureContainer(context, {
    part: 'registry',
    role: 'registry',
    image,
    address: `${context.network.prefix}.${addressOf.registry}`,
    alias: registryAlias,
    volumes: { registry: '/var/lib/registry' },
    options: [
      // Docker trusts a registry without TLS only at 127.0.0.0/8, so the machine's engine pushes there.
      ['--publish', `127.0.0.1::${port}`],
      ['--mount', `type=bind,src=${users},dst=/run/sandbox/registry-users,readonly`],
    ].flat(),
  });
  const registry = new Registry(context, secrets);
  await poll('the registry to answer', 180, () => registry.answers()).catch(async (cause: unknown) => {
    throw new Error(`The registry does not come up. It said:\n${await containerLog(context, 'registry')}`, {
      cause,
    });
  });
  return outcome;
}

export class Registry {
  /** As hosts and image references name it. */
  readonly address = `${registryAlias}:${port}`;
  readonly username = registryUser;
  readonly password: string;
  readonly #context: SandboxContext;

  constructor(context: SandboxContext, secrets: SandboxSecrets) {
    this.#context = context;
    this.password = secrets.registryPassword;
  }

  /** From the machine: the registry's HTTP API. */
  get url(): string {
    return `http://${this.#context.network.prefix}.${addressOf.registry}:${port}`;
  }

  async answers(): Promise<boolean> {
    return (await this.#fetch('/v2/')).ok;
  }

  /**
   * Pushes an image of the machine's engine. Does nothing if the registry has the same image under that tag.
   * @param path path in the registry, e.g. `jtel/acd-web`
   */
  async push(localImage: string, path: string, tag: string): Promise<PushedImage> {
    const { docker, directory } = this.#context;
    const repository = `${this.address}/${path}`;
    const id = await docker.imageID(localImage);
    if (id === undefined)
      throw new Error(`image ${localImage} is not here, so it cannot be pushed as ${repository}:${tag}`);
    const present = await this.manifest(path, tag);
    if (present?.imageID === id) return { repository, tag, digest: present.digest };

    const local = `127.0.0.1:${await this.#publishedPort()}`;
    const configuration = await makePrivateDirectory(join(directory, 'docker'));
    const auth = Buffer.from(`${this.username}:${this.password}`).toString('base64');
    await writePrivate(join(configuration, 'config.json'), JSON.stringify({ auths: { [local]: { auth } } }));
    const target = `${local}/${path}:${tag}`;
    await docker.run(['tag', id, target]);
    try {
      await docker.run(['--config', configuration, 'push', '-q', target]);
    } finally {
      await docker.tryRun(['rmi', '--no-prune', target]);
    }
    const pushed = await this.manifest(path, tag);
    if (!pushed) throw new Error(`${repository}:${tag} was pushed, but the registry does not have it`);
    return { repository, tag, digest: pushed.digest };
  }

  /** Digest and image id of a tag; undefined if the registry does not have it. */
  async manifest(path: string, tag: string): Promise<{ digest: string; imageID: string } | undefined> {
    const response = await this.#fetch(`/v2/${path}/manifests/${tag}`, {
      headers: { accept: manifestTypes.join(', ') },
    });
    if (response.status === 404) return undefined;
    if (!response.ok)
      throw new Error(`the registry answers ${response.status} to a question about ${path}:${tag}`);
    const { config } = (await response.json()) as { config: { digest: string } };
    return { digest: response.headers.get('docker-content-digest') ?? '', imageID: config.digest };
  }

  /** Removes a tag's manifest, so a pull finds nothing. */
  async remove(path: string, digest: string): Promise<void> {
    const response = await this.#fetch(`/v2/${path}/manifests/${digest}`, { method: 'DELETE' });
    if (!response.ok && response.status !== 404)
      throw new Error(`the registry answers ${response.status} to the removal of ${path}@${digest}`);
  }

  async #publishedPort(): Promise<string> {
    const container = await this.#context.docker.container(objectName(this.#context.name, 'registry'));
    const published = container?.NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort;
    if (published === undefined)
      throw new Error(`the registry of sandbox ${this.#context.name} does not run`);
    return published;
  }

  #fetch(path: string, options: RequestInit = {}): Promise<Response> {
    const authorization = `Basic ${Buffer.from(`${this.username}:${this.password}`).toString('base64')}`;
    const headers = { authorization, ...(options.headers as Record<string, string> | undefined) };
    return fetch(`${this.url}${path}`, { ...options, headers, signal: AbortSignal.timeout(10_000) });
  }
}
