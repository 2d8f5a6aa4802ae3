/** A share of an SMB server, through rclone. A file gets its name when it is whole, by a rename. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  proven,
  ShareError,
  uploads,
  type Expected,
  type FoundFile,
  type OpenFile,
  type Range,
  type ShareFiles,
} from './files.ts';
import { Rclone, type RcloneAnswer, type SMBAccess } from './rclone.ts';

/** After a restart of the server, each connection of the pool fails once. */
const attempts = 8;

interface Listed {
  readonly Path: string;
  readonly Size: number;
  readonly ModTime: string;
  readonly IsDir: boolean;
}

export class SMBShare implements ShareFiles {
  readonly #rclone: Rclone;
  readonly #fs: string;

  private constructor(rclone: Rclone, { share, folder }: SMBAccess) {
    this.#rclone = rclone;
    this.#fs = `share:${share}${folder === undefined ? '' : `/${folder}`}`;
  }

  /** Does not connect yet. */
  static async open(access: SMBAccess, signal: AbortSignal): Promise<SMBShare> {
    return new SMBShare(await Rclone.start(access, signal), access);
  }

  async create(
    name: string,
    body: AsyncIterable<Uint8Array>,
    expected: Expected,
    signal: AbortSignal,
  ): Promise<'Created' | 'Existed'> {
    if ((await this.look(name, signal)) !== undefined) return 'Existed';
    const id = randomUUID();
    const upload = `${uploads}/${id}`;
    try {
      const sent = await this.#rclone.upload(this.#fs, uploads, id, proven(body, expected, name), signal);
      if (sent.status !== 200) throw failure('create', name, sent);
      if ((await this.rename(upload, name, signal)) === 'Done') return 'Created';
    } catch (error) {
      if (!signal.aborted) await this.remove(upload, signal).catch(() => undefined);
      throw error;
    }
    await this.remove(upload, signal);
    return 'Existed';
  }

  async open(name: string, signal: AbortSignal, range?: Range): Promise<OpenFile | undefined> {
    const found = await this.look(name, signal);
    if (found === undefined) return undefined;
    const { bytes } = found;
    const end = range === undefined ? bytes : Math.min(bytes, range.offset + range.bytes);
    const start = range?.offset ?? 0;
    if (start >= end) return { bytes, body: nothing() };
    const response = await this.#rclone.get(this.#fs, name, `bytes=${start}-${end - 1}`, signal);
    if (response.statusCode !== 200 && response.statusCode !== 206) {
      response.resume();
      throw new ShareError(
        'StoreUnreachable',
        `cannot read ${name}: the share answered ${response.statusCode}`,
      );
    }
    return { bytes, body: whole(response, name, end - start) };
  }

  async look(name: string, signal: AbortSignal): Promise<FoundFile | undefined> {
    const answer = await this.#call(
      'look at',
      name,
      'operations/stat',
      { fs: this.#fs, remote: name },
      signal,
    );
    const item = (answer.body as { readonly item?: Listed | null }).item ?? undefined;
    return item === undefined || item.IsDir ? undefined : foundOf(name, item);
  }

  async list(folder: string, signal: AbortSignal): Promise<readonly FoundFile[]> {
    const opt = { recurse: true, filesOnly: true, noMimeType: true };
    const input = { fs: this.#fs, remote: folder, opt };
    const answer = await this.#call('list', folder, 'operations/list', input, signal);
    if (isMissing(answer)) return [];
    const { list } = answer.body as { readonly list: readonly Listed[] };
    return list.map((one) => foundOf(one.Path, one)).filter(({ name }) => !name.startsWith(`${uploads}/`));
  }

  async rename(from: string, to: string, signal: AbortSignal): Promise<'Done' | 'Refused'> {
    const input = { srcFs: this.#fs, srcRemote: from, dstFs: this.#fs, dstRemote: to };
    const answer = await this.#call('rename', from, 'operations/movefile', input, signal);
    if (isRefused(answer)) return 'Refused';
    if (answer.status !== 200) throw failure('rename', from, answer);
    // With a file of that name it does nothing, and does not say so.
    return (await this.look(from, signal)) === undefined ? 'Done' : 'Refused';
  }

  async remove(name: string, signal: AbortSignal): Promise<'Done' | 'Refused'> {
    const input = { fs: this.#fs, remote: name };
    const answer = await this.#call('remove', name, 'operations/deletefile', input, signal);
    if (isRefused(answer)) return 'Refused';
    if (answer.status !== 200 && !isMissing(answer)) throw failure('remove', name, answer);
    return 'Done';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rclone.stop();
  }

  /** Calls that can be repeated. An answer that it is refused or missing is passed on. */
  async #call(
    verb: string,
    name: string,
    command: string,
    input: object,
    signal: AbortSignal,
  ): Promise<RcloneAnswer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#rclone.call(command, input, signal);
      if (answer.status === 200 || isMissing(answer) || isRefused(answer)) return answer;
      const error = failure(verb, name, answer);
      if (!error.isBrokenOff || attempt === attempts) throw error;
    }
  }
}

function foundOf(name: string, { Size: bytes, ModTime }: Listed): FoundFile {
  return { name, bytes, changed: new Date(ModTime) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* whole(response: IncomingMessage, name: string, bytes: number): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const piece of response) {
    done += (piece as Buffer).length;
    yield piece as Buffer;
  }
  if (done !== bytes) throw new ShareError('StoreUnreachable', `reading ${name} ended early`, true);
}

function isMissing({ status }: RcloneAnswer): boolean {
  return status === 404;
}

function isRefused(answer: RcloneAnswer): boolean {
  return /permission denied|access is denied/i.test(saidBy(answer));
}

function saidBy({ body }: RcloneAnswer): string {
  return String((body as { readonly error?: unknown }).error ?? '');
}

/** By the words of rclone 1.60 and the SMB client in it. */
function failure(verb: string, name: string, answer: RcloneAnswer): ShareError {
  const said = saidBy(answer) || `answer ${answer.status}`;
  const what = `cannot ${verb} ${name}: ${said.slice(0, 500)}`;
  if (/logon is invalid|logon failure|password|account/i.test(said))
    return new ShareError('StoreCredentialsRefused', `${what}: check username and password`);
  if (isRefused(answer))
    return new ShareError('StoreCredentialsRefused', `${what}: the user may not do that`);
  if (/share name cannot be found|network name not found/i.test(said))
    return new ShareError('ContainerNotFound', what);
  if (/disk (was|is) full|not enough space|quota/i.test(said))
    return new ShareError('StoreUnreachable', `${what}: make room on the share`);
  return new ShareError(
    'StoreUnreachable',
    what,
    /connection error|EOF|broken pipe|reset by peer/i.test(said),
  );
}
