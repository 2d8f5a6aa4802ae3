/** Opens the way to the store that a grant gives. */
import type { BackOff } from '../../base/back-off.ts';
import type { CreateGrant } from '../../jobs/grant.ts';
import { afterFailedUpload } from '../pauses.ts';
import { ShareUploads } from '../share/share-uploads.ts';
import { Uploader, type UploadOutcome } from './upload.ts';

export interface Uploads {
  /** @param md5 base64 @throws {JobError} */
  put(path: string, body: Uint8Array, md5: string): Promise<UploadOutcome>;
  close(): void;
}

/** @param connections open at the same time */
export function openUploads(
  grant: CreateGrant,
  connections: number,
  signal: AbortSignal,
  pauses: BackOff = afterFailedUpload,
): Uploads {
  switch (grant.kind) {
    case 'SignedURL':
      return new Uploader(grant, connections, signal, pauses);
    case 'Share':
      return new ShareUploads(grant.access, signal, pauses);
  }
}
