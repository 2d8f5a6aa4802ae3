/**
 * `kubectl jtel backup verify` proves again that a backup is complete, from outside and without trusting the
 * cluster.
 */
import { createHash } from 'node:crypto';
import { paths } from '../../backup-format/names.ts';
import { loadBackup, requireComplete, type LoadedBackup } from '../../controllers/stores/backup-catalog.ts';
import { formatBytes } from '../../base/bytes.ts';
import { CommandError } from '../../command-line/terminal.ts';
import type { Kit } from '../kit.ts';
import { ProgressLine } from '../progress-line.ts';
import { inParallel } from './in-parallel.ts';
import { findPlace, resolveBackupID, type BackupPlace, type PlaceOptions } from './place.ts';

export interface VerifyOptions extends PlaceOptions {
  readonly read?: boolean;
}

const readsAtOnce = 4;

export async function verify(kit: Kit, name: string, backup: string, options: VerifyOptions): Promise<void> {
  const { signal } = kit.call;
  const place = await findPlace(kit, name, options);
  const backupID = await resolveBackupID(kit, place, backup);
  const good = (what: string): void => kit.surroundings.print(`${kit.paint('green', '✔')} ${what}`);
  const consent = { unsigned: true, unencrypted: true };
  const loaded = await loadBackup(place, place.identity, backupID, consent, signal);
  const { manifest, packs, seal } = loaded;
  good(`the manifest of ${backupID} can be read and is consistent (sha256:${loaded.manifestDigest})`);
  if (seal.is === 'Signed') good(`the manifest is signed with key ${seal.keyID}, which the store trusts`);
  else
    kit.surroundings.note(
      'the manifest is not signed: whoever can write to the store may have made it; a restore needs unsigned Accept',
    );
  await requireComplete(place.blobs, loaded, signal);
  good(
    `every pack is there with its length and MD5 (${packs.length}, ${formatBytes(manifest.totals.storedBytes)}), every document with its SHA-256 (${manifest.documents.length})`,
  );
  await compareDigests(
    kit,
    place,
    [...manifest.indexParts, ...(manifest.attributeParts ?? [])].map((part) => ({
      ...part,
      path: paths.part(place.identity, backupID, part.name),
    })),
    'index',
  );
  good(`every part of the index was read and has its SHA-256 (${manifest.indexParts.length})`);
  if (options.read === true) {
    await compareDigests(kit, place, packParts(place, loaded), 'packs');
    good('every pack was read and has its SHA-256');
  }
  good(
    kit.paint(
      'bold',
      `backup ${backupID} of ${place.identity} is whole: ${formatBytes(manifest.totals.totalBytes)} of release ${manifest.release.version}`,
    ),
  );
}

interface Part {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

function packParts({ identity }: BackupPlace, { packs }: LoadedBackup): readonly Part[] {
  return packs.map(({ epoch, sha256, bytes }) => ({
    path: paths.pack(identity, epoch, sha256),
    bytes,
    sha256,
  }));
}

async function compareDigests(
  kit: Kit,
  { blobs }: BackupPlace,
  parts: readonly Part[],
  what: string,
): Promise<void> {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = new ProgressLine(kit);
  let done = 0;
  try {
    await inParallel(parts, readsAtOnce, async (part) => {
      const content = await blobs.read(part.path, part.bytes, kit.call.signal);
      const digest = createHash('sha256').update(content).digest('hex');
      if (content.length !== part.bytes || digest !== part.sha256)
        throw new CommandError(
          `${part.path} in ${blobs.description} is damaged: its SHA-256 is ${digest}, ${part.sha256} was written`,
        );
      done += part.bytes;
      progress.show({
        percent: total === 0 ? 100 : (done / total) * 100,
        text: `${what}: ${formatBytes(done)} of ${formatBytes(total)}`,
      });
    });
  } finally {
    progress.end();
  }
}
