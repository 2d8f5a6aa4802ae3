/**
 * Finds the digest of an image's tag by the registry's HTTP API (OCI distribution spec, "pulling manifests").
 * It supports basic and token authentication. It sends a password only to the registry, or over TLS to where
 * that points.
 */
import { createHash } from 'node:crypto';
import { ByteCollector } from '../../../base/byte-collector.ts';
import { CommandError } from '../../../command-line/terminal.ts';
import { optional } from '../../../base/optional.ts';

export interface RegistryAccess {
  /** `http(s)://host[:port]`, without a path. */
  readonly endpoint: string;
  readonly credentials?: { readonly username: string; readonly password: string };
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const timeoutMilliseconds = 30_000;
const maximumManifestBytes = 4 * 1024 * 1024;
const maximumTokenBytes = 256 * 1024;

export class Registry {
  readonly #access: RegistryAccess;
  /** `Authorization` by repository, once the registry said how it wants to be asked. */
  readonly #authorization = new Map<string, string>();

  constructor(access: RegistryAccess) {
    this.#access = access;
  }

  /**
   * Digest (`sha256:…`) of a tag, or of a digest that it only confirms.
   * @throws {CommandError} if there is no such image, or the registry refuses or does not answer.
   */
  async digest(repository: string, reference: string, signal: AbortSignal): Promise<string> {
    const image = `${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}`;
    const response = await this.#get(repository, `/v2/${repository}/manifests/${reference}`, image, signal);
    if (response.status === 404)
      throw new CommandError(`image ${image} is not in registry ${this.#access.endpoint}: push it first`);
    if (!response.ok)
      throw new CommandError(
        `registry ${this.#access.endpoint} answered ${response.status} for image ${image}`,
      );
    const body = await this.#read(response, maximumManifestBytes, `the manifest of image ${image}`);
    // Computed from the bytes, not from the registry's own header, because a host will verify the bytes.
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    const claimed = response.headers.get('docker-content-digest');
    if (claimed !== null && claimed !== digest)
      throw new CommandError(
        `registry ${this.#access.endpoint} says ${claimed} for image ${image}, but it is ${digest}`,
      );
    return digest;
  }

  async #get(repository: string, path: string, image: string, signal: AbortSignal): Promise<Response> {
    const first = await this.#fetch(
      new URL(path, this.#access.endpoint),
      this.#authorization.get(repository),
      signal,
    );
    if (first.status !== 401) return first;
    await first.body?.cancel();
    const authorization = await this.#authorize(
      first.headers.get('www-authenticate') ?? '',
      repository,
      image,
      signal,
    );
    const second = await this.#fetch(new URL(path, this.#access.endpoint), authorization, signal);
    if (second.status === 401 || second.status === 403) throw this.#refused(image);
    this.#authorization.set(repository, authorization);
    return second;
  }

  async #authorize(
    challenge: string,
    repository: string,
    image: string,
    signal: AbortSignal,
  ): Promise<string> {
    const { credentials } = this.#access;
    const basic =
      credentials &&
      `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    if (!/^bearer /i.test(challenge)) {
      if (basic === undefined)
        throw new CommandError(
          `registry ${this.#access.endpoint} wants credentials for image ${image}: give --registry-user and --registry-password-file`,
        );
      return basic;
    }
    const parameters = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
        name.toLowerCase(),
        value,
      ]),
    );
    const realm = parameters.get('realm') ?? '';
    const registry = new URL(this.#access.endpoint);
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    if (url === undefined || (url.protocol !== 'https:' && url.host !== registry.host)) {
      throw new CommandError(
        `registry ${this.#access.endpoint} wants the password sent to ${JSON.stringify(realm.slice(0, 80))} without TLS: refused`,
      );
    }
    url.searchParams.set('service', parameters.get('service') ?? '');
    url.searchParams.set('scope', `repository:${repository}:pull`);
    const response = await this.#fetch(url, basic, signal);
    const token = tokenIn(await this.#read(response, maximumTokenBytes, `the token for image ${image}`));
    if (!response.ok || token === undefined) throw this.#refused(image);
    return `Bearer ${token}`;
  }

  /** @param what for messages */
  async #read(response: Response, maximumBytes: number, what: string): Promise<Buffer> {
    const content = new ByteCollector();
    try {
      for await (const piece of response.body ?? []) {
        content.add(piece);
        if (content.length > maximumBytes) break;
      }
    } catch (error) {
      throw new CommandError(
        `registry ${this.#access.endpoint} broke off while it sent ${what} (${causeOf(error)})`,
      );
    }
    if (content.length > maximumBytes)
      throw new CommandError(`${what} has more than ${maximumBytes} bytes: that is too big`);
    return content.bytes();
  }

  async #fetch(url: URL, authorization: string | undefined, signal: AbortSignal): Promise<Response> {
    const headers = { accept: manifestTypes, ...optional({ authorization }) };
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]);
    try {
      return await fetch(url, { headers, signal: limited, redirect: 'manual' });
    } catch (error) {
      signal.throwIfAborted();
      throw new CommandError(`cannot reach registry ${url.origin}: ${causeOf(error)}`);
    }
  }

  #refused(image: string): CommandError {
    return new CommandError(
      `registry ${this.#access.endpoint} refuses the credentials for image ${image}: check --registry-user and --registry-password-file`,
    );
  }
}

function tokenIn(content: Buffer): string | undefined {
  let answer: { readonly token?: unknown; readonly access_token?: unknown } | null;
  try {
    answer = JSON.parse(content.toString('utf8')) as typeof answer;
  } catch {
    return undefined;
  }
  const token = answer?.token ?? answer?.access_token;
  return typeof token === 'string' && /^[\w.~+/=-]+$/.test(token) ? token : undefined;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const isLate = cause instanceof DOMException && cause.name === 'TimeoutError';
  if (isLate) return `no answer in ${timeoutMilliseconds / 1000} s`;
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}
