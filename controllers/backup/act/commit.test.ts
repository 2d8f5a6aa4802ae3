import { describe, expect, test } from 'vitest';
import type { BackupJobInput } from '../../../jobs/backup.ts';
import { formatMinor, parseManifest } from '../../../backup-format/manifest.ts';
import { paths } from '../../../backup-format/names.ts';
import { publicKeyPEM, sealOf } from '../../../backup-format/signature.ts';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import { commit, type CommitOptions } from './commit.ts';
import { storeLikeAJob } from '../testing.ts';
import { newSigner, testSigner, trusting } from '../../../test/support/signing.ts';

const { signal } = new AbortController();
const backupID = '20260301t020000z-00000a';
const writer = {
  clusterID: 'cluster-1',
  namespace: 'acme',
  name: 'main',
  stackUID: 'stack-uid',
  machineID: 'machine-1',
};

interface Changes extends Partial<Omit<CommitOptions, 'origin'>> {
  readonly origin?: Partial<CommitOptions['origin']>;
}

function anInput(id = backupID): BackupJobInput {
  return {
    type: 'backup',
    backupID: id,
    attempt: 1,
    identity: 'acme.main',
    epoch: '20260301',
    upload: { kind: 'SignedURL', containerUrl: '', query: '', prefix: '', expiresTime: '' },
    known: [],
    fileTrees: [{ name: 'files', path: '/data/files', excludes: [] }],
    limits: {},
  };
}

/** What a job stored, and all that belongs to it. */
function aCommit(store: MemoryBlobStore, { origin, ...changes }: Changes = {}): CommitOptions {
  const id = origin?.backupID ?? backupID;
  const input = anInput(id);
  return {
    catalog: trusting(store),
    signer: testSigner,
    result: storeLikeAJob(store, input),
    endTime: '2026-03-01T02:10:00.000Z',
    documents: [{ name: 'stack.json', content: Buffer.from('{}\n') }],
    immutability: { policy: 'Required', retentionDays: 180 },
    ...changes,
    origin: {
      backupID: id,
      identity: 'acme.main',
      epoch: '20260301',
      writer,
      trigger: 'Scheduled',
      release: { version: '3.43.2', digest: 'd'.repeat(64), images: [] },
      excluded: [],
      startTime: '2026-03-01T02:00:00.000Z',
      ...origin,
    },
  };
}

function removeSignature(store: MemoryBlobStore): void {
  const name = paths.manifest('acme.main', backupID);
  const blob = store.blobs.get(name);
  if (blob === undefined) throw new Error('no manifest');
  const content = Buffer.from(blob.content.toString().replace(/,\n {2}"signature": .*\n/, '\n'));
  expect(sealOf(content, [])).toEqual({ is: 'Unsigned' });
  store.blobs.set(name, { ...blob, content });
}

describe('a manifest that is there already', () => {
  test('is adopted when it is of an earlier try, even if its job is gone and the spec is another one', async () => {
    const store = new MemoryBlobStore();
    const first = await commit(aCommit(store), signal);
    const again = await commit(
      aCommit(store, {
        result: undefined,
        documents: [{ name: 'stack.json', content: Buffer.from('{"changed":true}\n') }],
      }),
      signal,
    );
    expect(again.manifestDigest).toBe(first.manifestDigest);
    expect(again.dataSets).toEqual(first.dataSets);
  });

  test.each<[string, Changes['origin'], string]>([
    [
      'by another cluster',
      { writer: { ...writer, clusterID: 'cluster-2' } },
      '(the clusterID of its writer is cluster-2)',
    ],
    ['in another epoch', { epoch: '20260201' }, '(its epoch is 20260201)'],
    ['with another key', { keyID: 'a-key' }, '(it is encrypted with a-key)'],
  ])('is left alone when it was written %s, and that is said', async (_, origin = {}, said) => {
    const store = new MemoryBlobStore();
    await commit(aCommit(store, { origin }), signal);
    await expect(commit(aCommit(store), signal)).rejects.toMatchObject({
      reason: 'ReferenceInvalid',
      message: expect.stringContaining(`${said}: it was not touched`),
    });
  });

  test.each<[string, Partial<CommitOptions>]>([
    ['has a wrong signature', { signer: { ...testSigner, sign: () => Buffer.alloc(64) } }],
    ['is signed with a key that the store does not trust', { signer: newSigner() }],
    ['is not signed', {}],
  ])('is left alone when it %s, whatever it says', async (what, changes) => {
    const store = new MemoryBlobStore();
    await commit(aCommit(store, changes), signal);
    if (what === 'is not signed') removeSignature(store);
    await expect(commit(aCommit(store), signal)).rejects.toMatchObject({
      reason: 'ReferenceInvalid',
      message: expect.stringContaining('(it is without a signature that counts): it was not touched'),
    });
  });

  test('is adopted although another job stored other parts, because the first one was lost', async () => {
    const store = new MemoryBlobStore();
    const options = aCommit(store);
    const first = await commit(options, signal);
    const { result } = options;
    if (result === undefined) throw new Error('a job without result');
    const indexParts = result.indexParts.map((part) => ({ ...part, sha256: 'a'.repeat(64) }));
    const leftOut = [{ kind: 'Vanished' as const, entries: 5, examples: ['canary.wav'] }];
    const dataSets = result.dataSets.map((set) => ({ ...set, leftOut }));
    const again = await commit({ ...options, result: { ...result, indexParts, dataSets } }, signal);
    // What is said of it is what its manifest says, not what the other job says.
    expect(again).toEqual(first);
    expect(again).toMatchObject({ missingFiles: 0 });
  });

  test('is adopted with the key that signed it, although another one is in use by now', async () => {
    const store = new MemoryBlobStore();
    const first = await commit(aCommit(store), signal);
    const again = await commit(aCommit(store, { signer: newSigner() }), signal);
    expect(again).toMatchObject({ manifestDigest: first.manifestDigest, signingKeyID: testSigner.keyID });
  });

  test('does not count when what it names is gone', async () => {
    const store = new MemoryBlobStore();
    const options = aCommit(store);
    await commit(options, signal);
    for (const name of store.blobs.keys()) if (name.includes('/packs/')) store.blobs.delete(name);
    await expect(commit({ ...options, result: undefined }, signal)).rejects.toMatchObject({
      reason: 'BackupIncomplete',
    });
  });
});

test('the public key lies beside the backup; somebody else’s blob there is no reason to have none', async () => {
  const store = new MemoryBlobStore();
  await commit(aCommit(store), signal);
  const name = paths.publicKey('acme.main', testSigner.keyID);
  expect(store.blobs.get(name)?.content.toString()).toBe(publicKeyPEM(testSigner.publicKey));
  const taken = new MemoryBlobStore();
  await taken.create(name, Buffer.from('somebody else'), 'text/plain', signal);
  expect(await commit(aCommit(taken), signal)).toMatchObject({ signingKeyID: testSigner.keyID });
});

test('what was left out is in the manifest by kind and number; names of files are only in the status', async () => {
  const store = new MemoryBlobStore();
  const options = aCommit(store);
  const { result } = options;
  if (result === undefined) throw new Error('a job without result');
  const dataSets = result.dataSets.map((set) =>
    set.kind === 'FileTree'
      ? { ...set, leftOut: [{ kind: 'Unreadable' as const, entries: 3, examples: ['canary.wav'] }] }
      : set,
  );
  const committed = await commit({ ...options, result: { ...result, dataSets } }, signal);
  const text = store.blobs.get(paths.manifest('acme.main', backupID))?.content.toString() ?? '';
  expect(parseManifest(text).dataSets.at(-1)?.leftOut).toEqual([{ kind: 'Unreadable', entries: 3 }]);
  expect(text).not.toContain('canary');
  expect(committed).toMatchObject({ missingFiles: 3 });
  expect(committed.dataSets.at(-1)?.leftOut).toEqual([
    { kind: 'Unreadable', entries: 3, examples: ['canary.wav'] },
  ]);
});

test('the manifest says the series of the server and the images that made it, and the minor version of its format', async () => {
  const store = new MemoryBlobStore();
  const tools = {
    toolbox: 'registry.example/toolbox@sha256:1',
    producer: 'registry.example/acd-dbm@sha256:2',
  };
  const options = aCommit(store, { origin: { tools } });
  const made = { ...storeLikeAJob(store, anInput()), attributeParts: [] };
  const keys = [{ id: 1, sha256: 'a'.repeat(64) }];
  const result = { ...made, server: { version: '11.4.2-MariaDB', keys } };
  await commit({ ...options, result }, signal);
  const text = store.blobs.get(paths.manifest('acme.main', backupID))?.content.toString() ?? '';
  expect(parseManifest(text)).toMatchObject({
    formatVersion: 1,
    formatMinor,
    tools,
    server: { version: '11.4.2-MariaDB', series: '11.4', keys },
    attributeParts: [],
  });
});

describe('no manifest is written', () => {
  test.each([
    ['a pack', '/packs/'],
    ['an index part', 'index-1-1.zst'],
    ['the list of packs', 'packs-1.zst'],
  ])('when %s is missing or other than the job said', async (_, part) => {
    for (const spoil of [undefined, Buffer.from('spoilt')]) {
      const store = new MemoryBlobStore();
      const options = aCommit(store);
      for (const [name, blob] of store.blobs) {
        if (!name.includes(part)) continue;
        if (spoil === undefined) store.blobs.delete(name);
        else store.blobs.set(name, { ...blob, content: spoil });
      }
      await expect(commit(options, signal)).rejects.toMatchObject({ reason: 'BackupIncomplete' });
      expect(store.blobs.has(paths.manifest('acme.main', backupID))).toBe(false);
    }
  });

  test('when a document of it is there with another content', async () => {
    const store = new MemoryBlobStore();
    await store.create(
      paths.part('acme.main', backupID, 'stack.json'),
      Buffer.from('planted'),
      'text/plain',
      signal,
    );
    await expect(commit(aCommit(store), signal)).rejects.toMatchObject({ reason: 'BlobExists' });
    expect(store.blobs.has(paths.manifest('acme.main', backupID))).toBe(false);
  });

  test('without a job that says what it stored', async () => {
    await expect(commit(aCommit(new MemoryBlobStore(), { result: undefined }), signal)).rejects.toMatchObject(
      { reason: 'BackupIncomplete' },
    );
  });
});

test('a backup with less than half of the last one is noticed', async () => {
  const store = new MemoryBlobStore();
  await commit(aCommit(store), signal);
  const options = aCommit(store, { origin: { backupID: '20260302t020000z-00000b' } });
  const [set] = options.result?.dataSets ?? [];
  if (options.result === undefined || set === undefined) throw new Error('the job stored nothing');
  const small = await commit(
    { ...options, result: { ...options.result, dataSets: [{ ...set, bytes: 400 }], totalBytes: 400 } },
    signal,
  );
  expect(small.shrunkFromBytes).toBe(1000);
});

describe('immutability', () => {
  test('is proven with the manifest, until retention is over', async () => {
    const store = new MemoryBlobStore();
    const { immutability } = await commit(aCommit(store), signal);
    const created = Date.parse(store.blobs.get(paths.manifest('acme.main', backupID))?.createdTime ?? '');
    expect(immutability.state).toBe('Verified');
    expect(Date.parse(immutability.untilTime ?? '')).toBe(
      Math.floor(created / 1000) * 1000 + 180 * 86_400_000,
    );
  });

  test('is not claimed for a store that allows to overwrite, nor for one that was not asked', async () => {
    const open = await commit(aCommit(new MemoryBlobStore('memory://open', { immutable: false })), signal);
    expect(open.immutability).toMatchObject({ state: 'Unprotected' });
    expect(open.immutability).not.toHaveProperty('untilTime');
    expect(
      (
        await commit(
          aCommit(new MemoryBlobStore(), { immutability: { policy: 'None', retentionDays: 180 } }),
          signal,
        )
      ).immutability.state,
    ).toBe('Unknown');
  });

  const committed = async (told: Retention) =>
    (await commit(aCommit(new MemoryBlobStore(), { retention: () => Promise.resolve(told) }), signal))
      .immutability;
  const days = ({ untilTime = '' }: { readonly untilTime?: string }): number =>
    Math.round((Date.parse(untilTime) - Date.now()) / 86_400_000);

  test('lasts as long as the container says, where the management plane is asked', async () => {
    const proven = await committed({ kind: 'TimeBased', days: 365, isLocked: true });
    expect(proven).toMatchObject({
      state: 'Verified',
      facts: { is: 'Tried', retention: { kind: 'TimeBased', days: 365 } },
    });
    expect(days(proven)).toBe(365);
  });

  test.each([
    [
      'can be removed by whoever manages the account',
      { kind: 'TimeBased', days: 365, isLocked: false },
      /\(365 days\) is not locked/,
    ],
    ['is too short', { kind: 'TimeBased', days: 180, isLocked: true }, /180 days are fewer than the 210/],
    ['is only a legal hold', { kind: 'None' }, /at most a legal hold/],
  ] satisfies [string, Retention, RegExp][])(
    'does not count when the policy that refused %s',
    async (_, told, problem) => {
      const found = await committed(told);
      expect(found).toEqual({
        state: 'Unprotected',
        facts: {
          is: 'Tried',
          detail: expect.stringContaining('refused'),
          problem: expect.stringMatching(problem),
        },
      });
    },
  );

  test('counts when the management plane does not answer, and says so', async () => {
    const proven = await committed({ kind: 'NotRead', detail: 'account acme: 403 AuthorizationFailed' });
    expect(proven).toMatchObject({
      state: 'Verified',
      facts: { retention: { kind: 'NotRead' } },
    });
    expect(days(proven)).toBe(180);
  });
});
