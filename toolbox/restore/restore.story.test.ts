import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { double, target, tree } from '../../test/support/backup/job-story.ts';
import { backupID, content, runBackup } from '../../test/support/backup/job-builder.ts';
import {
  backupToRead,
  everything,
  picture,
  restoreInput,
  runRestore,
} from '../../test/support/backup/restore-builder.ts';

async function aBackup(): Promise<ReturnType<typeof backupToRead>> {
  return backupToRead(double, await runBackup(double, tree));
}

const put = (name: string, text = 'old'): Promise<void> => writeFile(join(target, name), text);

describe('what comes back', () => {
  test.each([1, 2, 3])('is what was there, for any set of files (seed %i)', async (seed) => {
    await tree.fill(seed, 40, seed === 3 ? 3_000_000 : 300_000);
    const result = await runRestore(restoreInput(await aBackup(), target));
    expect(await picture(target)).toEqual(await picture(tree.path));
    const bytes = [...tree.files.values()].reduce((sum, file) => sum + file.length, 0);
    expect(result).toMatchObject({
      loadID: 'load-1',
      backupID,
      fileTrees: [{ name: 'files', files: 40, bytes }],
    });
  });

  test('has modes, times, links and names that are no UTF-8', async () => {
    await tree.write('a b/%41\tüñ.txt', Buffer.from('x'), 0o640);
    await tree.link('a b/link', '../nowhere/ä');
    await mkdir(join(tree.path, 'empty'), { mode: 0o700 });
    await writeFile(Buffer.concat([Buffer.from(`${tree.path}/`), Buffer.from([0x66, 0xff, 0x0a])]), 'odd', {
      mode: 0o600,
    });
    await utimes(join(tree.path, 'a b/%41\tüñ.txt'), 86_400, 86_400);
    await utimes(join(tree.path, 'a b'), 172_800, 172_800);
    await utimes(join(tree.path, 'empty'), 1_000_000, 1_000_000);
    await runRestore(restoreInput(await aBackup(), target));
    expect(await picture(target)).toEqual(await picture(tree.path));
  });

  test('leaves holes as holes, and fetches each pack once', async () => {
    await tree.write('sparse.ibd', content(1, 70_000));
    await truncate(join(tree.path, 'sparse.ibd'), 50_000_000);
    const backup = await aBackup();
    double.requests.length = 0;
    await runRestore(restoreInput(backup, target));
    const restored = await stat(join(target, 'sparse.ibd'));
    expect(restored.size).toBe(50_000_000);
    expect(restored.blocks * 512).toBeLessThan(1_000_000);
    const fetched = double.requests.filter(
      ({ method, path }) => method === 'GET' && path.includes('/packs/'),
    );
    expect(fetched.map(({ path }) => path).toSorted()).toEqual(
      [...new Set(fetched.map(({ path }) => path))].toSorted(),
    );
  });

  test('comes from an encrypted backup with its key, and with no other', async () => {
    const key = (fill: number): { keyID: string; key: string } => ({
      keyID: 'key-1',
      key: Buffer.alloc(32, fill).toString('base64'),
    });
    await tree.fill(5, 10);
    const backup = backupToRead(double, await runBackup(double, tree, { encryption: key(7) }));
    await expect(runRestore(restoreInput(backup, target, { encryption: key(8) }))).rejects.toMatchObject({
      reason: 'DecryptionKeyWrong',
    });
    await expect(runRestore(restoreInput(backup, target))).rejects.toMatchObject({
      reason: 'BackupInvalid',
      message: expect.stringContaining('encrypted'),
    });
    expect(await everything(target)).toEqual([]);
    await runRestore(restoreInput(backup, target, { encryption: key(7) }));
    expect(await picture(target)).toEqual(await picture(tree.path));
  });

  test('is told in bytes, percent and steps that only go forward', async () => {
    await tree.fill(6, 30);
    const told: {
      readonly percent: number;
      readonly step: string;
      readonly bytesDone?: number;
      readonly bytesTotal?: number;
    }[] = [];
    const {
      fileTrees: [files],
    } = await runRestore(restoreInput(await aBackup(), target), {
      onProgress: (progress) => told.push(progress),
    });
    expect(told.map(({ percent }) => percent)).toEqual(
      told.map(({ percent }) => percent).toSorted((a, b) => a - b),
    );
    const last = told.findLast(({ step }) => step === 'Restoring');
    expect(last).toMatchObject({ bytesDone: last?.bytesTotal });
    expect(last?.bytesTotal).toBeLessThanOrEqual(files?.bytes ?? 0);
  });
});

describe('data that is there', () => {
  test('is left alone, and the restore refused', async () => {
    await tree.fill(1, 5);
    await put('customer.txt');
    const before = await everything(target);
    await expect(runRestore(restoreInput(await aBackup(), target))).rejects.toMatchObject({
      reason: 'DataNotEmpty',
      message: expect.stringContaining('customer.txt'),
    });
    expect(await everything(target)).toEqual(before);
  });

  test('is replaced when that is agreed to', async () => {
    await tree.fill(2, 5);
    await mkdir(join(target, 'folder-1'));
    await put('folder-1/old.txt');
    await runRestore(restoreInput(await aBackup(), target, { onData: 'Replace' }));
    expect(await picture(target)).toEqual(await picture(tree.path));
  });

  test('is not replaced by what an earlier restore of the same name has brought: that is done', async () => {
    await tree.fill(3, 5);
    const input = restoreInput(await aBackup(), target, { onData: 'Replace' });
    await runRestore(input);
    await put('written-since.txt');
    double.requests.length = 0;
    await runRestore(input);
    expect(await readFile(join(target, 'written-since.txt'), 'utf8')).toBe('old');
    expect(double.requests).toEqual([]);
  });

  test('stays when the backup turns out to be damaged half-way', async () => {
    await tree.fill(4, 30);
    const backup = await aBackup();
    await put('old.txt');
    const [path = '', pack = Buffer.alloc(0)] =
      [...double.blobs].findLast(([name]) => name.includes('/packs/')) ?? [];
    double.blobs.set(path, Buffer.concat([pack.subarray(0, -1), Buffer.from([(pack.at(-1) ?? 0) ^ 1])]));
    await expect(runRestore(restoreInput(backup, target, { onData: 'Replace' }))).rejects.toMatchObject({
      reason: 'BackupInvalid',
    });
    expect(await picture(target)).toMatchObject({ 'old.txt': expect.stringContaining(' ') });
    expect(Object.keys(await picture(target))).toEqual(['old.txt']);
  });

  test("is not written through a link with this project's name", async () => {
    await tree.fill(1, 3);
    const elsewhere = await mkdtemp(join(tmpdir(), 'restore-elsewhere-'));
    await symlink(elsewhere, join(target, '.jtel-operator'));
    await expect(runRestore(restoreInput(await aBackup(), target))).rejects.toMatchObject({
      reason: 'DataNotEmpty',
    });
    expect(await everything(elsewhere)).toEqual([]);
    await rm(elsewhere, { recursive: true });
  });
});

describe('a check', () => {
  test('reads the index, looks for all packs and writes nothing', async () => {
    await tree.fill(1, 20);
    const backup = await aBackup();
    double.requests.length = 0;
    await runRestore(restoreInput(backup, target, { purpose: 'Check' }));
    expect(await everything(target)).toEqual([]);
    expect(double.requests.filter(({ method }) => method === 'HEAD')).toHaveLength(backup.packs.length);
    expect(
      double.requests.filter(({ method, path }) => method === 'GET' && path.includes('/packs/')),
    ).toEqual([]);
  });

  test.each([
    ['missing', () => undefined],
    ['cut off', (pack: Buffer) => pack.subarray(1)],
  ])('finds a pack that is %s', async (_what, change) => {
    await tree.fill(2, 20);
    const backup = await aBackup();
    const [path = '', pack = Buffer.alloc(0)] =
      [...double.blobs].find(([name]) => name.includes('/packs/')) ?? [];
    const changed = change(pack);
    if (changed === undefined) double.blobs.delete(path);
    else double.blobs.set(path, changed);
    await expect(runRestore(restoreInput(backup, target, { purpose: 'Check' }))).rejects.toMatchObject({
      reason: 'BackupInvalid',
      message: expect.stringContaining(path.split('/').at(-1) ?? ''),
    });
  });

  test('says what the store said when it may not read', async () => {
    await tree.fill(3, 3);
    const backup = await aBackup();
    double.fault = () => ({ kind: 'status', status: 403, code: 'AuthenticationFailed' });
    const failed: unknown = await runRestore(restoreInput(backup, target)).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      reason: 'StoreCredentialsRefused',
      message: expect.stringContaining('AuthenticationFailed'),
    });
    expect(String(failed)).not.toContain('canary');
  });

  test('goes on when the store has its moments', async () => {
    await tree.fill(4, 20);
    const backup = await aBackup();
    let requests = 0;
    double.fault = () =>
      ++requests % 3 === 0
        ? { kind: 'status', status: 503, code: 'ServerBusy' }
        : requests % 7 === 0
          ? { kind: 'reset', stored: false }
          : undefined;
    await runRestore(restoreInput(backup, target));
    expect(await picture(target)).toEqual(await picture(tree.path));
  });
});
