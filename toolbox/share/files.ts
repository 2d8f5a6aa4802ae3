/** What jobs do with a share. `path.ts` is for what the host has mounted, `smb.ts` for a server of its own. */
import { createHash } from 'node:crypto';
import type { ShareErrorReason } from '../../jobs/share.ts';

export interface FoundFile {
  /** Below the store's folder. */
  readonly name: string;
  readonly bytes: number;
  readonly changed: Date;
}

export interface Range {
  readonly offset: number;
  readonly bytes: number;
}

export interface OpenFile {
  /** Of the whole file. */
  readonly bytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Expected {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly md5: string;
}

/** Names are plain: no segment is `.` or `..`. All methods throw {@link ShareError}, or the signal's reason. */
export interface ShareFiles extends AsyncDisposable {
  /** Whole or not at all, and never over another file. */
  create(
    name: string,
    body: AsyncIterable<Uint8Array>,
    expected: Expected,
    signal: AbortSignal,
  ): Promise<'Created' | 'Existed'>;
  /** Undefined: there is no such file. */
  open(name: string, signal: AbortSignal, range?: Range): Promise<OpenFile | undefined>;
  look(name: string, signal: AbortSignal): Promise<FoundFile | undefined>;
  /** All files below it; none when there is no such folder. '' is the store's own folder. */
  list(folder: string, signal: AbortSignal): Promise<readonly FoundFile[]>;
  /** Never over another file. */
  rename(from: string, to: string, signal: AbortSignal): Promise<'Done' | 'Refused'>;
  remove(name: string, signal: AbortSignal): Promise<'Done' | 'Refused'>;
}

/** Folder of what is being written. Its files have no meaning. */
export const uploads = '.jtel-upload';

export class ShareError extends Error {
  override readonly name = 'ShareError';
  readonly reason: ShareErrorReason;
  /** Another try may help at once: the connection was an old one, say. */
  readonly isBrokenOff: boolean;

  constructor(reason: ShareErrorReason, message: string, isBrokenOff = false) {
    super(message);
    this.reason = reason;
    this.isBrokenOff = isBrokenOff;
  }
}

/** Passes a body on. At its end it must have been what was expected. @throws {ShareError} DigestMismatch */
export async function* proven(
  body: AsyncIterable<Uint8Array>,
  { bytes, md5 }: Expected,
  name: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('md5');
  let done = 0;
  for await (const piece of body) {
    hash.update(piece);
    done += piece.length;
    if (done > bytes) break;
    yield piece;
  }
  if (done !== bytes || hash.digest('hex') !== md5)
    throw new ShareError('DigestMismatch', `what was to be written to ${name} is not what was announced`);
}
