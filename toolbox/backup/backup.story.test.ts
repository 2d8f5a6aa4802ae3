import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parsePackList } from '../../backup-format/pack-list.ts';
import { zstdDecompressSync } from 'node:zlib';
import { setAttribute } from '../../test/support/backup/attributes.ts';
import { double, restartDouble, tree } from '../../test/support/backup/job-story.ts';
import {
  backupID,
  content,
  identity,
  noise,
  partsInStore,
  runBackup,
} from '../../test/support/backup/job-builder.ts';
import { readBack } from '../../test/support/backup/read-back.ts';

const unescaped = (path: string): string => decodeURIComponent(path);

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Digests by path, of what would be restored. */
function filesOf(result: Awaited<ReturnType<typeof runBackup>>, key?: Buffer): Record<string, string> {
  const read = readBack(double.blobs, identity, result.backupID, result, 'files', key);
  return Object.fromEntries(
    [...read]
      .filter(([, { type }]) => type === 'f')
      .map(([path, file]) => [unescaped(path), digestOf(file.content)]),
  );
}

function filesThere(): Record<string, string> {
  return Object.fromEntries([...tree.files].map(([path, bytes]) => [path, digestOf(bytes)]));
}

describe('what comes back', () => {
  test.each([1, 2, 3, 4, 5])('is what was there, for any set of files (seed %i)', async (seed) => {
    await tree.fill(seed, 40, seed === 5 ? 2_500_000 : 300_000);
    const result = await runBackup(double, tree, {
      limits: { threads: 1 + (seed % 3), uploads: 1 + (seed % 4) },
    });
    expect(filesOf(result)).toEqual(filesThere());
    const bytes = [...tree.files.values()].reduce((sum, file) => sum + file.length, 0);
    expect(result.dataSets).toMatchObject([{ name: 'files', kind: 'FileTree', files: 40, bytes }]);
    expect(result.totalBytes).toBe(bytes);
  });

  test('are directories, links, modes and names that are no UTF-8, too', async () => {
    await tree.write('a b/%41\tüñ.txt', Buffer.from('x'), 0o640);
    await mkdir(join(tree.path, 'empty'));
    await chmod(join(tree.path, 'empty'), 0o700);
    await tree.link('a b/link', '../nowhere/ä');
    await writeFile(Buffer.concat([Buffer.from(`${tree.path}/`), Buffer.from([0x66, 0xff, 0x0a])]), 'odd');
    const result = await runBackup(double, tree);
    const read = readBack(double.blobs, identity, backupID, result, 'files');
    expect([...read].map(([path, { type, mode, target }]) => [path, type, mode, target]).toSorted()).toEqual([
      ['.', 'd', '700', '-'],
      ['a%20b', 'd', '755', '-'],
      ['a%20b/%2541%09%C3%BC%C3%B1.txt', 'f', '640', '-'],
      ['a%20b/link', 'l', '777', '../nowhere/%C3%A4'],
      ['empty', 'd', '700', '-'],
      ['f%FF%0A', 'f', '644', '-'],
    ]);
  });

  test('is not what a glob excludes, nor pipes and markers; what is left out is told by kind', async () => {
    await tree.write('recordings/2026/call.wav', Buffer.from('no'));
    await tree.write('logs/a.log', Buffer.from('no'));
    await tree.write('keep/logs/b.txt', Buffer.from('yes'));
    await tree.write('.jtel-operator/marker.json', Buffer.from('no'));
    await promisify(execFile)('mkfifo', [join(tree.path, 'pipe')]);
    await writeFile(join(tree.path, 'keep/capability'), '');
    setAttribute(join(tree.path, 'keep/capability'), { name: 'trusted.md5', value: Buffer.from('x') });
    const result = await runBackup(double, tree, {
      fileTrees: [{ name: 'files', path: tree.path, excludes: ['recordings/**', '**/*.log'] }],
    });
    expect(Object.keys(filesOf(result)).toSorted()).toEqual(['keep/capability', 'keep/logs/b.txt']);
    expect(result.dataSets[0]?.leftOut?.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { kind: 'Attribute', entries: 1, examples: ['keep/capability'] },
      {
        kind: 'Excluded',
        entries: 2,
        examples: expect.arrayContaining(['recordings', 'logs/a.log']) as unknown,
      },
      { kind: 'Pipe', entries: 1, examples: ['pipe'] },
    ]);
  });

  test('can be read with the key, and nothing can without', async () => {
    const key = Buffer.alloc(32, 7);
    await tree.fill(7, 15);
    await tree.write('secret.txt', Buffer.from('canary-content '.repeat(1000)));
    const result = await runBackup(double, tree, {
      encryption: { keyID: 'key-1', key: key.toString('base64') },
    });
    expect(filesOf(result, key)).toEqual(filesThere());
    const secret = [...double.blobs].filter(([path]) => !path.includes('/packs-'));
    for (const [, body] of secret) {
      expect(body.includes('canary-content')).toBe(false);
      expect(() => zstdDecompressSync(body)).toThrow('nknown frame descriptor');
    }
  });
});

describe('what is stored', () => {
  test('is stored once, however often it is there', async () => {
    const same = content(9, 700_000);
    await tree.write('one', same);
    await tree.write('two', same);
    await tree.write('zeros', Buffer.alloc(500_000));
    const result = await runBackup(double, tree);
    expect(filesOf(result)).toEqual(filesThere());
    expect(result.storedBytes).toBeLessThan(710_000);
  });

  test('is listed, pack by pack, with its digests', async () => {
    await tree.fill(3, 30);
    const result = await runBackup(double, tree);
    const list = double.blobs.get(`${identity}/backups/${backupID}/${result.packList.name}`);
    const packs = parsePackList(zstdDecompressSync(list ?? Buffer.alloc(0)).toString('latin1'), backupID);
    expect(packs.map(({ epoch, sha256 }) => `${identity}/packs/${epoch}/${sha256}`).toSorted()).toEqual(
      [...double.blobs.keys()].filter((path) => path.includes('/packs/')).toSorted(),
    );
    expect(result.packs).toBe(packs.length);
    expect(result.storedBytes).toBe(packs.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  test('is only what is new, when the last backup is known; and it is whole on its own', async () => {
    await tree.fill(11, 30);
    await runBackup(double, tree);
    const known = partsInStore(double);
    await tree.write('new', content(99, 100_000));
    const second = '20261124t120000z-00c0de';
    const result = await runBackup(double, tree, { backupID: second, known });
    expect(filesOf(result)).toEqual(filesThere());
    expect(result.uploadedBytes).toBeLessThan(150_000);
    expect(result.reusedBytes).toBeGreaterThan(1_000_000);
  });

  test('is everything again in another epoch', async () => {
    await tree.fill(12, 10);
    const first = await runBackup(double, tree);
    const result = await runBackup(double, tree, {
      backupID: '20261224t120000z-00c0de',
      epoch: '20261224',
      known: partsInStore(double),
    });
    expect(result.reusedBytes).toBe(0);
    expect(result.storedBytes).toBe(first.storedBytes);
  });

  test('is everything, and it is told, when a known index was altered', async () => {
    await tree.fill(13, 10);
    const first = await runBackup(double, tree);
    const known = partsInStore(double).map((part) => ({ ...part, md5: `${'A'.repeat(22)}==` }));
    const result = await runBackup(double, tree, { backupID: '20261124t120000z-00c0de', known });
    expect(result.storedBytes).toBe(first.storedBytes);
    expect(result.knownIgnored).toEqual([expect.stringContaining('not the one that was announced')]);
  });
});

describe('a store that errs', () => {
  test('is asked again after errors, lost requests and lost answers', async () => {
    await tree.fill(21, 30);
    double.fault = ({ upload }) => {
      if (upload % 5 === 1) return { kind: 'status', status: 503, code: 'ServerBusy' };
      if (upload % 5 === 2) return { kind: 'reset', stored: false };
      return upload % 5 === 3 ? { kind: 'reset', stored: true } : undefined;
    };
    expect(filesOf(await runBackup(double, tree))).toEqual(filesThere());
  });

  test.each([
    [403, 'AuthenticationFailed', 'StoreCredentialsRefused'],
    [404, 'ContainerNotFound', 'UploadFailed'],
    [403, 'AuthorizationFailure', 'StoreNetworkRefused'],
  ])('and answers %i %s ends the job with reason %s', async (status, code, reason) => {
    await tree.fill(22, 30);
    double.fault = ({ upload }) => (upload >= 2 ? { kind: 'status', status, code } : undefined);
    await expect(runBackup(double, tree)).rejects.toMatchObject({ reason });
  });

  test('never learns the signature by a message', async () => {
    await tree.fill(23, 5);
    double.fault = () => ({ kind: 'status', status: 404, code: 'ContainerNotFound' });
    const error: unknown = await runBackup(double, tree).catch((caught: unknown) => caught);
    expect(String((error as Error).message)).not.toContain('canary');
  });

  test('holds the sources up: never more uploads at once than allowed', async () => {
    await tree.fill(24, 60);
    await runBackup(double, tree, { limits: { uploads: 2, threads: 2 } });
    expect(double.mostAtOnce).toBeLessThanOrEqual(3); // two packs, and one part of the index
  });
});

describe('a try that does not end', () => {
  test('leaves nothing but whole objects when it is stopped, and stops at once', async () => {
    await tree.fill(31, 60);
    const stop = new AbortController();
    double.fault = ({ upload }) => {
      if (upload < 3) return undefined;
      stop.abort();
      return { kind: 'hang' };
    };
    await expect(runBackup(double, tree, { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(double.blobs.size).toBeLessThanOrEqual(3);
    expect(await readdir(dirname(tree.path))).not.toContain(`${tree.path}.scratch-1`);
  });

  test('at whichever upload it dies, the next try uses what is there and gets everything', async () => {
    for (const seed of [1, 2, 3]) await tree.write(`noise-${seed}`, noise(seed, 1_200_000));
    await tree.fill(32, 5);
    const limits = { threads: 1 };
    let deaths = 0;
    // How many uploads a try takes depends on when parts are full, so the first that lives is the last.
    for (let dead = 1; ; dead++) {
      await restartDouble();
      const stop = new AbortController();
      double.fault = ({ upload }) => {
        if (upload < dead) return undefined;
        stop.abort();
        return { kind: 'reset', stored: false };
      };
      const end = await runBackup(double, tree, { signal: stop.signal, limits }).then(
        () => 'Whole',
        ({ name }: Error) => name,
      );
      expect(end).toBe(stop.signal.aborted ? 'AbortError' : 'Whole');
      if (end === 'Whole') break;
      deaths++;
      double.fault = () => undefined;
      const result = await runBackup(double, tree, { attempt: 2, known: partsInStore(double), limits });
      expect(filesOf(result)).toEqual(filesThere());
      expect(result.indexParts.every(({ name }) => name.startsWith('index-2-'))).toBe(true);
    }
    expect(deaths).toBeGreaterThan(5);
  }, 60_000);

  test('and is begun again under its own number is told apart', async () => {
    await tree.fill(33, 5);
    await runBackup(double, tree);
    await expect(runBackup(double, tree)).rejects.toMatchObject({ reason: 'UploadConflict' });
  });
});

test('progress is told in bytes and grows to the end', async () => {
  await tree.fill(41, 40);
  const told: number[] = [];
  await runBackup(double, tree, {
    onProgress: ({ bytesDone }) => bytesDone !== undefined && told.push(bytesDone),
  });
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told.at(-1)).toBe([...tree.files.values()].reduce((sum, file) => sum + file.length, 0));
});

test('scratch files are gone afterwards', async () => {
  await tree.fill(42, 3);
  await runBackup(double, tree);
  await expect(stat(`${tree.path}.scratch-1`)).rejects.toMatchObject({ code: 'ENOENT' });
  await rm(`${tree.path}.scratch-1`, { recursive: true, force: true });
});
