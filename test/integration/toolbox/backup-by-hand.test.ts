/**
 * Restores with nothing but the commands of docs/backup-format.md, taken from the page as they stand there.
 */
import { execFile } from 'node:child_process';
import { link, mkdtemp, readFile, readdir, readlink, rm, stat, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { formatMinor, formatVersion, manifestText } from '../../../backup-format/manifest.ts';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { signedText } from '../../../backup-format/signature.ts';
import type { BackupJobResult } from '../../../jobs/backup.ts';
import { accessACL, defaultACL } from '../../../backup-format/attributes.ts';
import { count } from '../../../toolbox/count.ts';
import { readAttributes } from '../../../toolbox/files/xattr.ts';
import { aclValue, setAttribute } from '../../support/backup/attributes.ts';
import { BlobDouble } from '../../support/backup/blob-double.ts';
import { newSigner, testSigner } from '../../support/signing.ts';
import { needTools } from '../../support/tools.ts';
import {
  backupID,
  content,
  identity,
  partsInStore,
  runBackup,
  TestTree,
} from '../../support/backup/job-builder.ts';
import { optional } from '../../../base/optional.ts';

let double: BlobDouble;
let tree: TestTree;
let directory: string;
beforeAll(() => needTools('zstd', 'setfattr'));
beforeEach(async () => {
  double = await BlobDouble.start();
  tree = await TestTree.create();
  directory = await mkdtemp(join(tmpdir(), 'by-hand-'));
});
afterEach(async () => {
  await double.stop();
  await tree.remove();
  await rm(directory, { recursive: true, force: true });
});

async function commandsOfThePage(): Promise<string> {
  const page = await readFile(new URL('../../../docs/backup-format.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```bash\n([^]*?)^```$/gm)].map(([, block = '']) => block);
  expect(blocks).toHaveLength(7);
  return blocks.join('\n');
}

/** As the operator writes it. */
function manifestOf(result: BackupJobResult, encrypted: boolean): string {
  const manifest: Manifest = {
    formatVersion,
    backupID: result.backupID,
    identity,
    epoch: '20261123',
    writer: { clusterID: 'c', namespace: 'acme', name: 'production', stackUID: 'u', machineID: 'm' },
    trigger: 'Manual',
    release: { version: '3.43.1', digest: `sha256:${'0'.repeat(64)}`, images: [] },
    startTime: '2026-11-23T12:00:00Z',
    endTime: '2026-11-23T12:01:00Z',
    ...(encrypted ? { encryption: { method: 'AES-256-GCM', keyID: 'k' } } : {}),
    dataSets: result.dataSets,
    excluded: [],
    formatMinor,
    indexParts: result.indexParts,
    ...optional({ attributeParts: result.attributeParts }),
    packList: result.packList,
    documents: [{ name: 'stack.json', bytes: 2, sha256: '0'.repeat(64) }],
    totals: {
      totalBytes: result.totalBytes,
      storedBytes: result.storedBytes,
      packs: result.packs,
      uploadedBytes: result.uploadedBytes,
      reusedBytes: result.reusedBytes,
    },
  };
  return signedText(manifestText(manifest), testSigner);
}

async function byHand(
  result: BackupJobResult,
  key = '',
  forge = (manifest: string): string => manifest,
): Promise<string> {
  double.blobs.set(
    `${identity}/backups/${result.backupID}/manifest.json`,
    Buffer.from(forge(manifestOf(result, key !== ''))),
  );
  const env = {
    PATH: process.env['PATH'],
    STORE: double.containerUrl,
    SAS: 'sig=canary-read',
    IDENTITY: identity,
    BACKUP: result.backupID,
    KEY: key,
    PUBLIC_KEY: testSigner.publicKey,
  };
  const { stdout } = await promisify(execFile)('bash', ['-c', await commandsOfThePage()], {
    cwd: directory,
    env,
  });
  return stdout;
}

async function expectRestored(): Promise<void> {
  const wrong: string[] = [];
  for (const [path, bytes] of tree.files)
    if (!(await readFile(join(directory, 'data/files', path))).equals(bytes)) wrong.push(path);
  expect(wrong).toEqual([]);
}

async function makeTree(): Promise<void> {
  await tree.write('announcements/willkommen ä%41.wav', content(1, 200_000), 0o640);
  await tree.write(
    'database-like.ibd',
    Buffer.concat([content(2, 300_000), Buffer.alloc(400_000), content(3, 70_000)]),
  );
  await tree.write('empty', Buffer.alloc(0));
  await tree.write('zeros', Buffer.alloc(150_000));
  await tree.write('-rf', Buffer.from('small'), 0o600);
  await tree.link('announcements/default.wav', 'willkommen ä%41.wav');
}

test('bash, curl, zstd, awk and dd bring everything back: content, modes, links', async () => {
  await makeTree();
  expect(await byHand(await runBackup(double, tree))).toContain('all files are what they were');
  await expectRestored();
  expect((await stat(join(directory, 'data/files/announcements/willkommen ä%41.wav'))).mode & 0o777).toBe(
    0o640,
  );
  expect(await readlink(join(directory, 'data/files/announcements/default.wav'))).toBe('willkommen ä%41.wav');
});

test.each<[string, (manifest: string) => string]>([
  ['with one byte changed', (manifest) => manifest.replace('"machineID": "m"', '"machineID": "n"')],
  ['without its signature', (manifest) => manifest.replace(/,\n {2}"signature": .*/, '')],
  [
    'with a field behind the signature',
    (manifest) => manifest.replace(/\n\}\n$/, ',\n  "identity": "x"\n}\n'),
  ],
  [
    'signed by somebody else',
    (manifest) => signedText(manifest.replace(/,\n {2}"signature": .*/, ''), newSigner()),
  ],
  [
    'of another stack, signed by us',
    (manifest) =>
      signedText(
        manifest.replace(/,\n {2}"signature": .*/, '').replace(`"${identity}"`, '"other.stack"'),
        testSigner,
      ),
  ],
])('a manifest %s ends the recipe before anything is fetched', async (_, forge) => {
  await makeTree();
  await expect(byHand(await runBackup(double, tree), '', forge)).rejects.toThrow(/Command failed/);
  expect(await readdir(join(directory, 'data'))).toEqual([]);
  expect(await readdir(join(directory, 'index'))).toEqual([]);
});

test('what format 1.1 has beside the index too: links that lead out, hard links, attributes, ACLs, times before 1970', async () => {
  await makeTree();
  const there = (name: string): string => join(tree.path, name);
  const here = (name: string): string => join(directory, 'data/files', name);
  await symlink('/data/files/empty', there('absolute %'));
  await symlink('../../out', there('announcements/out'));
  await link(there('database-like.ibd'), there('announcements/again ü.ibd'));
  await utimes(there('empty'), new Date(-5000), new Date(-5000));
  setAttribute(there('-rf'), { name: 'user.mark', value: Buffer.from([0, 10, 255]) });
  setAttribute(there('-rf'), { name: 'user.empty', value: Buffer.alloc(0) });
  setAttribute(there('-rf'), { name: accessACL, value: aclValue({ uid: 1234, user: 6, group: 0, mask: 6 }) });
  setAttribute(there('announcements'), {
    name: defaultACL,
    value: aclValue({ uid: 1234, user: 7, group: 5, mask: 7 }),
  });
  const result = await runBackup(double, tree);
  expect(await byHand(result)).toContain('all files are what they were');
  await expectRestored();
  for (const name of ['absolute %', 'announcements/out'])
    expect(await readlink(here(name))).toBe(await readlink(there(name)));
  expect((await stat(here('announcements/again ü.ibd'))).ino).toBe(
    (await stat(here('database-like.ibd'))).ino,
  );
  expect((await stat(here('empty'))).mtimeMs).toBe(-5000);
  for (const name of ['-rf', 'announcements', 'empty'])
    expect(readAttributes(Buffer.from(here(name)))).toEqual(readAttributes(Buffer.from(there(name))));
  // The restore test's own look finds what the manifest says.
  const restored = join(directory, 'data/files');
  const input = {
    type: 'count',
    fileTrees: [{ name: 'files', path: restored, excludes: [] }],
    checksum: true,
  } as const;
  const { fileTrees } = await count(input, () => undefined, new AbortController().signal);
  expect(fileTrees[0]?.tree).toEqual(result.dataSets[0]?.tree);
});

test('the second day too, whose chunks lie in packs of the first', async () => {
  await makeTree();
  await runBackup(double, tree);
  await tree.write(
    'database-like.ibd',
    Buffer.concat([content(2, 300_000), Buffer.alloc(300_000), content(4, 170_000)]),
  );
  const result = await runBackup(double, tree, {
    backupID: '20261124t120000z-00c0de',
    known: partsInStore(double),
  });
  expect(result.reusedBytes).toBeGreaterThan(0);
  expect(await byHand(result)).toContain('all files are what they were');
  await expectRestored();
});

test('with openssl and the key what is encrypted', async () => {
  await makeTree();
  const key = Buffer.alloc(32, 9).toString('base64');
  expect(await byHand(await runBackup(double, tree, { encryption: { keyID: 'k', key } }), key)).toContain(
    'all files are what they were',
  );
  await expectRestored();
});

test('a byte that was changed in a pack is noticed', async () => {
  await makeTree();
  const result = await runBackup(double, tree);
  const pack = [...double.blobs.entries()].find(([path]) => path.includes('/packs/'))?.[1];
  pack?.writeUInt8((pack.readUInt8(100) + 1) % 256, 100);
  await expect(byHand(result)).rejects.toThrow('did NOT match');
  expect(backupID).toBe(result.backupID);
});
