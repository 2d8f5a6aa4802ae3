/**
 * rclone as the SMB client of a job: one process with its own pool of connections, asked over HTTP on a port of
 * this machine that only we have the password of. Passwords are in its environment, never in its arguments.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { ShareAccess } from '../../jobs/share.ts';
import { ShareError } from './files.ts';

export type SMBAccess = Extract<ShareAccess, { kind: 'SMB' }>;

const stallMilliseconds = 60_000;
/** Go's collector starts early, because a job has little memory. */
const memory = { GOMEMLIMIT: '64MiB', GOGC: '50' };
const longestAnswerBytes = 64 * 1024 * 1024;

export interface RcloneAnswer {
  readonly status: number;
  readonly body: unknown;
}

export class Rclone {
  readonly #child: ChildProcess;
  readonly #url: URL;
  readonly #authorization: string;
  /** Without the host's HTTP proxy, which Node's own agents use. */
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(child: ChildProcess, url: URL, user: string, password: string) {
    this.#child = child;
    this.#url = url;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** @throws {ShareError} when it cannot be started */
  static async start(access: SMBAccess, signal: AbortSignal): Promise<Rclone> {
    const [user, password] = [randomUUID(), randomUUID()];
    const env = {
      PATH: process.env['PATH'],
      ...memory,
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_SHARE_TYPE: 'smb',
      RCLONE_CONFIG_SHARE_HOST: access.server,
      RCLONE_CONFIG_SHARE_USER: access.username,
      RCLONE_CONFIG_SHARE_PASS: await obscured(access.password),
      ...(access.domain === undefined ? {} : { RCLONE_CONFIG_SHARE_DOMAIN: access.domain }),
      RCLONE_RC_ADDR: '127.0.0.1:0',
      RCLONE_RC_USER: user,
      RCLONE_RC_PASS: password,
      RCLONE_RC_SERVE: 'true',
      RCLONE_IGNORE_EXISTING: 'true',
      RCLONE_BUFFER_SIZE: '4M',
      RCLONE_RETRIES: '1',
      RCLONE_LOW_LEVEL_RETRIES: '1',
      RCLONE_CONTIMEOUT: '20s',
    };
    const child = spawn('rclone', ['rcd'], { env, stdio: ['ignore', 'ignore', 'pipe'], signal });
    // It is not there, or was stopped: its output ends, too.
    child.on('error', () => undefined);
    const url = await addressOf(child);
    return new Rclone(child, url, user, password);
  }

  /** @throws {ShareError} when it does not answer */
  async call(command: string, input: object, signal: AbortSignal): Promise<RcloneAnswer> {
    const body = Readable.from([JSON.stringify(input)]);
    return await answerOf(
      await this.#send('POST', command, { 'content-type': 'application/json' }, signal, body),
    );
  }

  async upload(
    fs: string,
    folder: string,
    name: string,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<RcloneAnswer> {
    const boundary = randomBytes(24).toString('hex');
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    const query = new URLSearchParams({ fs, remote: folder });
    const parts = Readable.from(multipart(boundary, name, body));
    return await answerOf(await this.#send('POST', `operations/uploadfile?${query}`, headers, signal, parts));
  }

  /** The file itself, or an answer in JSON with another status. */
  async get(
    fs: string,
    name: string,
    range: string | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const path = `${encodeURIComponent(`[${fs}]`)}/${name.split('/').map(encodeURIComponent).join('/')}`;
    return await this.#send('GET', path, range === undefined ? {} : { range }, signal);
  }

  stop(): void {
    this.#agent.destroy();
    this.#child.kill('SIGKILL');
  }

  async #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: Readable,
  ): Promise<IncomingMessage> {
    const sent = request(new URL(path, this.#url), {
      method,
      agent: this.#agent,
      signal,
      headers: { ...headers, authorization: this.#authorization },
    });
    sent.setTimeout(stallMilliseconds, () =>
      sent.destroy(new Error(`nothing moved for ${stallMilliseconds / 1000} s`)),
    );
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    try {
      if (body === undefined) sent.end();
      else await Promise.race([pipeline(body, sent), answered]);
      return (await answered)[0];
    } catch (error) {
      answered.catch(() => undefined);
      sent.destroy();
      signal.throwIfAborted();
      if (error instanceof ShareError) throw error;
      throw new ShareError('StoreUnreachable', `the share does not answer: ${(error as Error).message}`);
    }
  }
}

async function* multipart(
  boundary: string,
  name: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\n`,
  );
  yield* body;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

async function answerOf(response: IncomingMessage): Promise<RcloneAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes > longestAnswerBytes)
      throw new ShareError('StoreUnreachable', `the share has more files than are ever read`);
  }
  const text = Buffer.concat(pieces).toString();
  return { status: response.statusCode ?? 0, body: text === '' ? {} : (JSON.parse(text) as unknown) };
}

/** rclone takes passwords only in this form, which hides them from nobody who knows rclone. */
async function obscured(password: string): Promise<string> {
  const running = promisify(execFile)('rclone', ['obscure', '-']);
  running.child.stdin?.end(password);
  return (await running.catch((error: Error) => Promise.reject(notStarted(error.message)))).stdout.trim();
}

/** It says where it listens, once it does. */
async function addressOf(child: ChildProcess): Promise<URL> {
  let said = '';
  // It goes on to write there, and would end if nobody could read it.
  for await (const piece of child.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += String(piece);
    const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
    if (address === undefined) continue;
    // Its errors come with its answers, too.
    child.stderr?.resume();
    return new URL(address);
  }
  throw notStarted(said.slice(-500));
}

function notStarted(said: string): ShareError {
  return new ShareError('StoreUnreachable', `rclone did not start: ${said}`);
}
