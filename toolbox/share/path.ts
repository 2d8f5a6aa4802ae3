/**
 * A share that the host has mounted. A file gets its name when it is whole, by a link: that is one step, and
 * refuses a name that is taken.
 */
import { randomUUID } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
import type { ShareErrorReason } from '../../jobs/share.ts';

const pieceBytes = 1024 * 1024;

export class PathShare implements ShareFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async create(
    name: string,
    body: AsyncIterable<Uint8Array>,
    expected: Expected,
    signal: AbortSignal,
  ): Promise<'Created' | 'Existed'> {
    if ((await this.look(name, signal)) !== undefined) return 'Existed';
    return await this.#told('create', name, async () => {
      const target = this.#path(name);
      const upload = this.#path(`${uploads}/${randomUUID()}`);
      for (const folder of [dirname(target), dirname(upload)]) await mkdir(folder, { recursive: true });
      try {
        await write(upload, proven(body, expected, name), signal);
        await link(upload, target);
        return 'Created';
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return 'Existed';
        throw error;
      } finally {
        await unlink(upload).catch(() => undefined);
      }
    });
  }

  async open(name: string, signal: AbortSignal, range?: Range): Promise<OpenFile | undefined> {
    return await this.#told('read', name, async () => {
      const file = await openPlain(this.#path(name)).catch(unlessMissing);
      if (file === undefined) return undefined;
      const { size } = await file.stat();
      const end = range === undefined ? size : Math.min(size, range.offset + range.bytes);
      return { bytes: size, body: pieces(file, range?.offset ?? 0, end, signal) };
    });
  }

  async look(name: string, signal: AbortSignal): Promise<FoundFile | undefined> {
    signal.throwIfAborted();
    return await this.#told('look at', name, async () => {
      const found = await lstat(this.#path(name)).catch(unlessMissing);
      if (found?.isFile() !== true) return undefined;
      return { name, bytes: found.size, changed: found.mtime };
    });
  }

  async list(folder: string, signal: AbortSignal): Promise<readonly FoundFile[]> {
    const entries = await this.#told(
      'list',
      folder,
      async () => (await readdir(this.#path(folder), { withFileTypes: true }).catch(unlessMissing)) ?? [],
    );
    const found: FoundFile[] = [];
    for (const entry of entries.filter(({ name }) => folder !== '' || name !== uploads)) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) found.push(...(await this.list(name, signal)));
      else found.push(...(await this.#fileOf(entry, name, signal)));
    }
    return found;
  }

  async #fileOf(entry: Dirent, name: string, signal: AbortSignal): Promise<readonly FoundFile[]> {
    const found = entry.isFile() ? await this.look(name, signal) : undefined;
    return found === undefined ? [] : [found];
  }

  async rename(from: string, to: string, signal: AbortSignal): Promise<'Done' | 'Refused'> {
    signal.throwIfAborted();
    return await this.#attempt(from, async () => {
      await mkdir(dirname(this.#path(to)), { recursive: true });
      await rename(this.#path(from), this.#path(to));
    });
  }

  async remove(name: string, signal: AbortSignal): Promise<'Done' | 'Refused'> {
    signal.throwIfAborted();
    return await this.#attempt(name, () => unlink(this.#path(name)));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #attempt(name: string, change: () => Promise<void>): Promise<'Done' | 'Refused'> {
    return await this.#told('change', name, async () => {
      try {
        await change();
        return 'Done';
      } catch (error) {
        if (refusals.has(codeOf(error))) return 'Refused';
        throw error;
      }
    });
  }

  #path(name: string): string {
    return join(this.#root, name);
  }

  async #told<T>(verb: string, name: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      const code = codeOf(error);
      if (error instanceof ShareError || code === '') throw error;
      const said = error instanceof Error ? error.message : String(error);
      throw new ShareError(reasonOf(code), `cannot ${verb} ${name}: ${said}`);
    }
  }
}

/** How a file system says that a file must stay as it is, or that this user may not change it. */
const refusals = new Set(['EACCES', 'EPERM', 'EROFS']);

function reasonOf(code: string): ShareErrorReason {
  return refusals.has(code) ? 'StoreCredentialsRefused' : 'StoreUnreachable';
}

function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : '';
}

function unlessMissing(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error))) throw error;
  return undefined;
}

async function write(path: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'wx', 0o640);
  try {
    for await (const piece of body) {
      signal.throwIfAborted();
      await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Others may write to a share: no link is followed, and nothing else than a file is waited for. */
async function openPlain(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw Object.assign(new Error(`${path} is not a file`), { code: 'ENOENT' });
}

async function* pieces(
  file: FileHandle,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for (let at = start; at < end;) {
      signal.throwIfAborted();
      const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, end - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
