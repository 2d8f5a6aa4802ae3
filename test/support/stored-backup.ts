/**
 * Puts a small whole backup into a store in memory, for tests that then lose, spoil or forge a part of it.
 */
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { manifestText, type Manifest } from '../../backup-format/manifest.ts';
import { backupTime, indexPartName, manifestName, packListName, paths } from '../../backup-format/names.ts';
import { signedText, type Signer } from '../../backup-format/signature.ts';
import { packListLines } from '../../backup-format/pack-list.ts';
import type { PackRecord } from '../../backup-format/record.ts';
import type { MemoryBlobStore } from '../../blob-store/memory.ts';
import { testSigner } from './signing.ts';

export interface StoredBackup {
  readonly manifest: Manifest;
  /** Names of all blobs of the backup. */
  readonly names: readonly string[];
}

export interface BackupOptions {
  readonly backupID?: string;
  readonly identity?: string;
  readonly version?: string;
  /** Content of the data that is read; another content gives another pack. */
  readonly content?: string;
  readonly packs?: number;
  /** Who signs it; default: {@link testSigner}. Nobody, as in format 1.1. */
  readonly signer?: Signer | 'Nobody';
  readonly change?: (manifest: Manifest) => object;
}

export function putBlob(store: MemoryBlobStore, name: string, content: Buffer | string): void {
  store.blobs.set(name, {
    content: Buffer.from(content),
    contentType: 'application/octet-stream',
    createdTime: new Date().toISOString(),
  });
}

/** A physical database of 2 tables, and a file tree `files` of one file, in `packs` packs. */
export function storeBackup(store: MemoryBlobStore, options: BackupOptions = {}): StoredBackup {
  const {
    backupID = '20260301t020000z-00000a',
    identity = 'acme.main',
    version = '3.43.2',
    content = 'data',
    packs: count = 2,
    signer = testSigner,
    change = (manifest: Manifest) => manifest,
  } = options;
  const epoch = backupID.slice(0, 8);
  const names: string[] = [];
  const put = (name: string, bytes: Buffer): void => {
    names.push(name);
    putBlob(store, name, bytes);
  };
  const packs: PackRecord[] = Array.from({ length: count }, (_, index) => {
    const bytes = Buffer.from(`pack ${index} of ${content}`);
    put(paths.pack(identity, epoch, sha256(bytes)), bytes);
    return {
      type: 'P',
      number: index + 1,
      epoch,
      sha256: sha256(bytes),
      bytes: bytes.length,
      md5: createHash('md5').update(bytes).digest('base64'),
    };
  });
  const part = (name: string, bytes: Buffer): { name: string; bytes: number; sha256: string } => {
    put(paths.part(identity, backupID, name), bytes);
    return { name, bytes: bytes.length, sha256: sha256(bytes) };
  };
  const time = backupTime(backupID).toISOString();
  const manifest: Manifest = {
    formatVersion: 1,
    backupID,
    identity,
    epoch,
    writer: {
      clusterID: 'cluster-0',
      namespace: 'acme',
      name: 'main',
      stackUID: 'uid-of-another-life',
      machineID: 'machine-0',
    },
    trigger: 'Manual',
    release: { version, digest: 'a'.repeat(64), images: [] },
    startTime: time,
    endTime: time,
    dataSets: [
      { name: 'database', kind: 'Physical', bytes: 900, files: 3, digest: sha256(Buffer.from(content)) },
      { name: 'files', kind: 'FileTree', bytes: 100, files: 1, digest: sha256(Buffer.from(content)) },
    ],
    excluded: [],
    indexParts: [part(indexPartName(1, 1), Buffer.from(`index of ${content}`))],
    packList: part(
      packListName(1),
      zstdCompressSync(Buffer.from([...packListLines(backupID, packs)].join(''))),
    ),
    documents: [part('stack.json', Buffer.from('{}'))],
    totals: {
      totalBytes: 1000,
      storedBytes: packs.reduce((sum, { bytes }) => sum + bytes, 0),
      packs: count,
      uploadedBytes: 1000,
      reusedBytes: 0,
    },
  };
  const text = manifestText(change(manifest) as Manifest);
  const stored = signer === 'Nobody' ? text : signedText(text, signer);
  put(paths.part(identity, backupID, manifestName), Buffer.from(stored));
  return { manifest, names };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
