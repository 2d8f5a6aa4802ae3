/**
 * Writes a backup's objects to a share. A name that is taken holds either the same content, which an earlier try
 * wrote, or the job ends: a share knows no digests, so the job compares them itself.
 */
import { createHash } from 'node:crypto';
import type { BackOff } from '../../base/back-off.ts';
import type { ShareAccess } from '../../jobs/share.ts';
import { JobError } from '../job-error.ts';
import { pause } from '../pauses.ts';
import { ShareError, type ShareFiles } from './files.ts';
import { openShare } from './open.ts';

const attempts = 9;

export class ShareUploads {
  readonly #access: ShareAccess;
  readonly #signal: AbortSignal;
  readonly #pauses: BackOff;
  readonly #open: typeof openShare;
  #files: Promise<ShareFiles> | undefined;
  #isClosed = false;

  /** @param open for tests */
  constructor(access: ShareAccess, signal: AbortSignal, pauses: BackOff, open = openShare) {
    this.#access = access;
    this.#signal = signal;
    this.#pauses = pauses;
    this.#open = open;
  }

  /** @param md5 base64 @throws {JobError} StoreCredentialsRefused, UploadFailed, UploadConflict */
  async put(path: string, body: Uint8Array, md5: string): Promise<'Created' | 'Existed'> {
    for (let attempt = 1; ; attempt++) {
      this.#signal.throwIfAborted();
      try {
        return await this.#create(path, body, Buffer.from(md5, 'base64').toString('hex'));
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!(error instanceof ShareError)) throw error;
        if (error.reason === 'StoreCredentialsRefused')
          throw new JobError('StoreCredentialsRefused', error.message, error);
        if (error.reason === 'ContainerNotFound' || attempt === attempts)
          throw new JobError('UploadFailed', `uploading ${path}: ${error.message}`, error);
      }
      await pause(this.#pauses, attempt, this.#signal);
    }
  }

  close(): void {
    this.#isClosed = true;
    void this.#files?.then((files) => files[Symbol.asyncDispose]()).catch(() => undefined);
  }

  async #create(path: string, body: Uint8Array, md5: string): Promise<'Created' | 'Existed'> {
    const files = await this.#opened();
    const made = await files.create(path, only(body), { bytes: body.length, md5 }, this.#signal);
    if (made === 'Created') return made;
    const there = await files.open(path, this.#signal);
    const hash = createHash('md5');
    for await (const piece of there?.body ?? []) hash.update(piece);
    if (hash.digest('hex') !== md5)
      throw new JobError('UploadConflict', `${path} is on the share already, with other content`);
    return made;
  }

  async #opened(): Promise<ShareFiles> {
    if (this.#isClosed) throw new JobError('Cancelled', 'the job was stopped');
    this.#files ??= this.#open(this.#access, this.#signal);
    return await this.#files.catch((error: unknown) => {
      // The next try starts it again.
      this.#files = undefined;
      throw error;
    });
  }
}

async function* only(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
