/**
 * Backups that the host encrypts before it sends them. The store holds nothing readable, and the key stays
 * in its Secret. Without the right key nothing is touched; an older key works as long as it is kept. The
 * test runs on another machine, and the stack's own host does not notice.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureBlobStore } from '../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { loadBackup } from '../../controllers/stores/backup-catalog.ts';
import { noConsent } from '../../controllers/stores/trust.ts';
import { catalogIn } from './catalog.ts';
import type { BlobAccess } from '../../sandbox/index.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName, type RequestStatus } from './stage.ts';
import { witness } from './witness.ts';

const namespace = 'encrypted';
const otherName = `${namespace}-b`;
const identity = `${namespace}.${stackName}`;
const replace = { ifNotEmpty: 'Replace', confirmReplace: stackName, preRestoreBackup: 'Skip' };
/** Random bytes, which no compression hides. */
const canary = randomBytes(64);
const [older, newer, wrong] = [aKey(), aKey(), aKey()];
let stage: Stage;
let blobs: BlobStore;
let first: RequestStatus;
let seenHere: () => Promise<string>;
let seenThere: () => Promise<string>;
let operatorLog: () => Promise<string>;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, moreHosts: [otherName] });
  await giveKeys({ current: '2026-a', '2026-a': older });
  blobs = blobsOf(await stage.applyBackupStore({ encryptionKeySecretRef: { name: 'backup-keys' } }));
  // A busy machine must not look like a dead operator.
  operatorLog = (await stage.startOperator(['--lease-duration-seconds', '90'])).log;
  await stage.apply({
    spec: {
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
      initialData: { source: 'Vanilla' },
    },
  });
  await stage.untilReady(600);
  await stage.query(
    "CREATE TABLE jtel.calls (id INT PRIMARY KEY, day VARCHAR(20)); INSERT INTO jtel.calls VALUES (1, 'yesterday')",
  );
  await stage.inFiles(
    `mkdir -p announcements && echo ${canary.toString('base64')} | base64 -d > announcements/canary.bin`,
  );
  seenHere = await witness(stage.sandbox.docker, stage.host.container);
  seenThere = await witness(stage.sandbox.docker, stage.sandbox.host(otherName).container);
  first = await stage.request('JtelBackup', 'first', {});
  await stage.query("INSERT INTO jtel.calls VALUES (2, 'today')");
  await stage.inFiles('rm announcements/canary.bin');
});

afterAll(() => stage.close());

function aKey(): string {
  return randomBytes(32).toString('base64');
}

/** From now on the Secret has exactly these entries. */
async function giveKeys(entries: Readonly<Record<string, string>>): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(entries).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  await stage.kubectl.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'backup-keys', namespace }, data },
  ]);
}

function blobsOf({ endpoint, container, account, key }: BlobAccess): BlobStore {
  return azureBlobStore(
    { endpoint, container, prefix: '' },
    { kind: 'AccountKey', accountName: account, accountKey: key },
  );
}

function call(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

type Blob = readonly [name: string, content: Buffer];

async function contents(of: BlobStore): Promise<readonly Blob[]> {
  const found: Blob[] = [];
  for await (const { name, bytes } of of.list('', call()))
    found.push([name, await of.read(name, bytes, call())]);
  return found;
}

/** Where the data is: packs and the parts of the index. */
function dataOf(all: readonly Blob[]): readonly Blob[] {
  return all.filter(([name]) => name.includes('/packs/') || /\/index-\d+-\d+\.zst$/.test(name));
}

/** What anybody could unpack. */
function zstdOf(all: readonly Blob[]): readonly Blob[] {
  return all.filter(([, content]) => content.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])));
}

function withBytes(all: readonly Blob[], bytes: Buffer): readonly string[] {
  return all.filter(([, content]) => content.includes(bytes)).map(([name]) => name);
}

async function calls(): Promise<string> {
  return await stage.query('SELECT GROUP_CONCAT(day ORDER BY id) FROM jtel.calls');
}

/** Each running container of the stack's host, with the time of its start. */
async function runningSince(): Promise<string> {
  return await stage.onHost([
    'sh',
    '-c',
    "docker inspect --format '{{.Name}} {{.Id}} {{.State.StartedAt}}' $(docker ps -q)",
  ]);
}

/** Everything that work leaves behind on a host, except images. */
async function leftOn(name: string): Promise<string> {
  const look =
    "docker ps -a --format '{{.Names}}'; docker volume ls --format '{{.Name}}'; docker network ls --format '{{.Name}}'; find /opt/jtel -mindepth 1 ! -path '/opt/jtel/.bin*'";
  return await stage.sandbox.docker.exec(stage.sandbox.host(name).container, ['sh', '-c', look]);
}

/** The place of a restore test outside of the stack's host. */
function elsewhere(): Record<string, unknown> {
  const { address, port, user, hostKeyFingerprint } = stage.sandbox.host(otherName);
  return {
    host: {
      address,
      port,
      user,
      sshSecretRef: { name: 'acme-ssh' },
      hostKeyFingerprints: [hostKeyFingerprint],
    },
  };
}

describe('a backup with a key', () => {
  it('names the key, and nothing of the data can be read in the store', async () => {
    expect(first).toMatchObject({
      phase: 'Completed',
      encryptionKeyID: '2026-a',
      immutability: { state: 'Verified' },
    });
    const { manifest } = await loadBackup(
      await catalogIn(stage, blobs),
      identity,
      first.backupID ?? '',
      noConsent,
      call(),
    );
    expect(manifest.encryption).toEqual({ method: 'AES-256-GCM', keyID: '2026-a' });
    const all = await contents(blobs);
    expect(dataOf(all).length).toBeGreaterThan(1);
    expect(zstdOf(dataOf(all))).toEqual([]);
    expect(withBytes(all, canary)).toEqual([]);
  });

  it('is not what it is without one: there the same look finds the data', async () => {
    await stage.inFiles(`echo ${canary.toString('base64')} | base64 -d > announcements/canary.bin`);
    const open = await stage.sandbox.blob.container(stage.sandbox.blob.customer, `${namespace}-open`);
    const spec = {
      tier: 'Customer',
      azure: {
        endpoint: open.endpoint,
        container: open.container,
        credentialsSecretRef: { name: 'backups' },
      },
    };
    await stage.kubectl.apply([
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind: 'JtelBackupStore',
        metadata: { name: 'open', namespace },
        spec,
      },
    ]);
    expect(await stage.request('JtelBackup', 'open', { storeRef: { name: 'open' } })).toMatchObject({
      phase: 'Completed',
    });
    const all = await contents(blobsOf(open));
    expect(zstdOf(dataOf(all))).toEqual(dataOf(all));
    expect(withBytes(all, canary)).toHaveLength(1);
    await stage.inFiles('rm announcements/canary.bin');
  });
});

describe('without the key that it was made with, it', () => {
  it.each([
    [
      'another key has its name',
      'wrong',
      { current: '2026-a', '2026-a': wrong },
      'DecryptionKeyWrong',
      /the key is not the one it was made with.*Nothing was overwritten/,
    ],
    [
      'its key was removed',
      'missing',
      { current: '2026-b', '2026-b': newer },
      'DecryptionKeyMissing',
      /key "2026-a", and Secret .* has no key of that name: add it.*Nothing was touched/,
    ],
  ])('is refused before anything is stopped, when %s', async (_, name, entries, reason, message) => {
    await giveKeys(entries);
    const before = await runningSince();
    const source = { source: { backupRef: { name: 'first' } } };
    const refused = {
      phase: 'Failed',
      message: expect.stringMatching(message),
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Failed', reason })]),
    };
    expect(await stage.request('JtelRestore', name, { ...source, ...replace })).toMatchObject(refused);
    expect(await runningSince()).toBe(before);
    expect(await calls()).toBe('yesterday,today');
    await stage.untilReady();
  });

  it('fails its test on another machine, and leaves nothing there', async () => {
    await giveKeys({ current: '2026-a', '2026-a': wrong });
    const before = await leftOn(otherName);
    const failed = await stage.request('JtelRestore', 'wrong-elsewhere', {
      source: { backupRef: { name: 'first' } },
      mode: 'Test',
      test: elsewhere(),
    });
    expect(failed).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('the key is not the one it was made with'),
    });
    expect(await leftOn(otherName)).toBe(before);
  });
});

describe('after the key was changed', () => {
  let second: RequestStatus;
  let found: Readonly<Record<'there' | 'here', string>>;

  beforeAll(async () => {
    await giveKeys({ current: '2026-b', '2026-b': newer, '2026-a': older });
    found = { there: await leftOn(otherName), here: await runningSince() };
    second = await stage.request('JtelBackup', 'second', { verify: 'Restore', test: elsewhere() }, 480);
  });

  it('the next backup has the new one, and nothing of those before', async () => {
    expect(second).toMatchObject({ phase: 'Completed', encryptionKeyID: '2026-b' });
    const packsOf = async ({ backupID = '' }: RequestStatus): Promise<string[]> =>
      (await loadBackup(await catalogIn(stage, blobs), identity, backupID, noConsent, call())).packs.map(
        ({ sha256 }) => sha256,
      );
    const before = new Set(await packsOf(first));
    expect((await packsOf(second)).filter((pack) => before.has(pack))).toEqual([]);
  });

  it('that was restored, started and counted on the other machine that it names before it was Completed, of which nothing is left there and nothing is noticed on the stack’s own', async () => {
    expect(second).toMatchObject({
      verification: { state: 'Passed', method: 'Restore', seconds: expect.any(Number) },
    });
    const tested = await stage.ended('JtelRestore', 'second-verify');
    const { seconds } = second['verification'] as { readonly seconds: number };
    expect(tested).toMatchObject({
      phase: 'Completed',
      backupID: second.backupID,
      message: expect.stringMatching(
        /^Restored, started and counted in \d+ s: \d+ tables with \d+ rows, \d+ files in 1 tree\.$/,
      ),
      recoveryTimeSeconds: seconds,
      testHost: expect.objectContaining({ address: stage.sandbox.host(otherName).address }),
    });
    expect(await leftOn(otherName)).toBe(found.there);
    expect(await runningSince()).toBe(found.here);
    expect(await seenThere()).toMatch(/^start jtel-test-[0-9a-f]{12}-acd-dbm/m);
    expect(await seenThere()).not.toContain('"HostPort"');
    expect(await seenHere()).not.toContain('jtel-test-');
  });

  it('the one from before brings its data back with the old key', async () => {
    const restored = await stage.request('JtelRestore', 'back', {
      source: { backupRef: { name: 'first' } },
      ...replace,
    });
    expect(restored).toMatchObject({ phase: 'Completed', backupID: first.backupID });
    await stage.untilReady();
    expect(await calls()).toBe('yesterday');
    expect(await stage.inFiles('base64 -w0 announcements/canary.bin')).toBe(canary.toString('base64'));
  });
});

describe('the keys', () => {
  it('are in no object but their Secret, no event or log, nothing that can be read of a container, no file of a host, and not in the store', async () => {
    const noted = await waitFor('the last job to be noted', async () => {
      const text = await seenHere();
      return /^die jtel-job-\S+-restore$/m.test(text) && text;
    });
    // The notes cover the backup's job too, and what it printed.
    expect(noted).toMatch(/^create jtel-job-\S+-1$/m);
    expect(noted).toMatch(/^\{.*"uploadedBytes":/m);
    const kinds = 'jtelstacks,jtelbackups,jtelrestores,jtelbackupstores,events,configmaps,leases';
    const texts = [
      noted,
      await seenThere(),
      await operatorLog(),
      await stage.kubectl.run(['get', kinds, '-n', namespace, '-o', 'json']),
    ];
    const all = await contents(blobs);
    for (const key of [older, newer, wrong]) {
      for (const text of texts) expect(text.includes(key)).toBe(false);
      expect(withBytes(all, Buffer.from(key))).toEqual([]);
      expect(withBytes(all, Buffer.from(key, 'base64'))).toEqual([]);
      for (const name of [namespace, otherName]) {
        const found = await stage.sandbox.docker.exec(
          stage.sandbox.host(name).container,
          ['sh', '-c', 'grep -rlF -e "$(cat)" /opt/jtel /var/lib/docker/containers || true'],
          { input: key },
        );
        expect(found).toBe('');
      }
    }
  });
});
