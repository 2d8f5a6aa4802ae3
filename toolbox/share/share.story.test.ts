/** Backups on a share that the host has mounted: made, made again the next day, and restored. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { paths } from '../../backup-format/names.ts';
import { parsePackList } from '../../backup-format/pack-list.ts';
import type { BackupJobResult } from '../../jobs/backup.ts';
import type { RestoreJobInput } from '../../jobs/restore.ts';
import type { ShareAccess } from '../../jobs/share.ts';
import { backupID, identity, runBackup, type JobOptions } from '../../test/support/backup/job-builder.ts';
import { double, target, tree } from '../../test/support/backup/job-story.ts';
import { picture, restoreInput, runRestore } from '../../test/support/backup/restore-builder.ts';

let share: string;
let access: ShareAccess;

beforeEach(async () => {
  share = await mkdtemp(join(tmpdir(), 'share-story-'));
  access = { kind: 'Path', path: share };
});
afterEach(async () => await rm(share, { recursive: true, force: true }));

const url = (name: string): string => `share://store/${name}`;

async function backUp(options: JobOptions = {}): Promise<BackupJobResult> {
  return await runBackup(double, tree, { upload: { kind: 'Share', access }, ...options });
}

/** As the operator would hand it to the job. */
async function toRead(result: BackupJobResult): Promise<RestoreJobInput['backup']> {
  const { backupID: id, indexParts, packList, dataSets } = result;
  const part = (name: string): string => paths.part(identity, id, name);
  const list = zstdDecompressSync(await readFile(join(share, part(packList.name))));
  return {
    backupID: id,
    identity,
    indexParts: indexParts.map(({ name, bytes, sha256 }) => ({ url: url(part(name)), bytes, sha256 })),
    packs: parsePackList(list.toString('latin1'), id).map(({ number, epoch, sha256, bytes }) => ({
      number,
      url: url(paths.pack(identity, epoch, sha256)),
      bytes,
      sha256,
    })),
    dataSets,
  };
}

test('what was there comes back from the share', async () => {
  await tree.fill(1, 6, 50_000);
  const result = await backUp();
  await runRestore(restoreInput(await toRead(result), target, { share: access }));
  expect(await picture(target)).toEqual(await picture(tree.path));
  expect(double.requests).toEqual([]);
  expect(await readdir(join(share, '.jtel-upload'))).toEqual([]);
});

test('the next day stores only what is new', async () => {
  await tree.fill(1, 6, 50_000);
  const first = await backUp();
  const known = first.indexParts.map(({ name, bytes, sha256 }) => ({
    url: url(paths.part(identity, backupID, name)),
    bytes,
    sha256,
  }));
  const packs = (): Promise<readonly string[]> => readdir(join(share, paths.packs(identity, '20261123')));
  const before = await packs();
  const second = await backUp({ backupID: '20261124t120000z-00c0de', known });
  expect(second.knownIgnored).toBeUndefined();
  expect(await packs()).toEqual(before);
  await runRestore(restoreInput(await toRead(second), target, { share: access }));
  expect(await picture(target)).toEqual(await picture(tree.path));
});

test('another try takes what the first one stored, and refuses what is not that', async () => {
  await tree.fill(1, 3, 50_000);
  const [part] = (await backUp()).indexParts;
  await backUp({ attempt: 2 });
  await writeFile(join(share, paths.part(identity, backupID, part?.name ?? '')), 'another content');
  await expect(backUp()).rejects.toMatchObject({ reason: 'UploadConflict' });
});

test('a backup with a pack that is gone is refused, and nothing is touched', async () => {
  await tree.fill(1, 3, 50_000);
  const backup = await toRead(await backUp());
  await rm(join(share, backup.packs[0]?.url.slice('share://store/'.length) ?? ''));
  await expect(runRestore(restoreInput(backup, target, { share: access }))).rejects.toMatchObject({
    reason: 'BackupInvalid',
  });
  expect(await readdir(target)).toEqual([]);
});
