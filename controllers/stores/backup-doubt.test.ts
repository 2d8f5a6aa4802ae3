/** A backup of a stack that lost its data, from its manifest to who takes it for the newest: compared with the last good one. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { paths } from '../../backup-format/names.ts';
import { newSigner, trusting } from '../../test/support/signing.ts';
import { putBlob, storeBackup } from '../../test/support/stored-backup.ts';
import { contents, day, history, identity, type Content } from '../../test/support/doubtful-history.ts';
import {
  comparedWith,
  describeSkipped,
  doubtOf,
  isEmptied,
  newestGoodBackup,
  newestSigned,
  requireChoice,
  type WhyIgnored,
} from './backup-doubt.ts';

const { signal } = new AbortController();
const hex = (number: number): string => number.toString(16).padStart(6, '0');
const emptied = (...sets: readonly [string, number][]) => ({
  emptied: sets.map(([dataSet, last]) => ({ dataSet, backupID: day(last) })),
});

describe('a backup is doubted', () => {
  it.each<[string, readonly Content[], readonly (object | undefined)[]]>([
    [
      'never, while it has what the one before had',
      [{}, {}, { bytes: 600 }],
      [undefined, undefined, undefined],
    ],
    [
      'when its database has no tables any more, and so is the next one',
      [{}, { tables: 0 }, { tables: 0 }],
      [undefined, emptied(['database', 1]), emptied(['database', 1])],
    ],
    ['not for being empty from the beginning', [{ tables: 0 }, { tables: 0 }], [undefined, undefined]],
    ['when its files are gone', [{}, { files: 0 }], [undefined, emptied(['files', 1])]],
    [
      'also when the method was changed meanwhile',
      [{}, { tables: 0, kind: 'Logical' }],
      [undefined, emptied(['database', 1])],
    ],
    [
      'until there is something again',
      [{}, { tables: 0 }, {}],
      [undefined, emptied(['database', 1]), undefined],
    ],
    [
      'when it is far smaller, and so is the next one as small',
      [{}, { bytes: 300 }, { bytes: 300 }],
      [
        undefined,
        { emptied: [], shrunkFrom: { backupID: day(1), totalBytes: 1000 } },
        { emptied: [], shrunkFrom: { backupID: day(1), totalBytes: 1000 } },
      ],
    ],
    [
      'not for being smaller by another method',
      [{}, { bytes: 300, kind: 'Logical' }, { bytes: 290, kind: 'Logical' }, {}],
      [undefined, undefined, undefined, undefined],
    ],
    [
      'by the last of its own method, whatever lies between',
      [{ kind: 'Logical', bytes: 900 }, {}, {}, { kind: 'Logical', bytes: 200 }],
      [undefined, undefined, undefined, { emptied: [], shrunkFrom: { backupID: day(1), totalBytes: 900 } }],
    ],
  ])('%s', async (_, days, doubts) => {
    expect(await history(new MemoryBlobStore(), days)).toEqual(doubts);
  });

  it('no longer once somebody accepted it, nor are the next ones; a later loss is found again', async () => {
    const store = new MemoryBlobStore();
    await history(store, [{}, { tables: 0, bytes: 300 }]);
    const next = contents({ tables: 0, bytes: 300 });
    const compared = await comparedWith(
      trusting(store),
      { identity, backupID: day(3), dataSets: next.dataSets },
      day(2),
      signal,
    );
    expect(doubtOf(next, compared)).toBeUndefined();
    expect(doubtOf(contents({ tables: 0, bytes: 100 }), compared)).toEqual({
      emptied: [],
      shrunkFrom: { backupID: day(2), totalBytes: 300 },
    });
    // Accepted was an older one: this one was not seen by whoever said so.
    expect(doubtOf(next, { ...compared, accepted: day(1) })).toMatchObject({
      emptied: [{ dataSet: 'database' }],
    });
  });

  it('although a manifest between them lies in the archive tier', async () => {
    const store = new MemoryBlobStore();
    await history(store, [{}, {}]);
    for (const [name, blob] of store.blobs)
      if (name.endsWith(`${day(2)}/manifest.json`)) store.blobs.set(name, { ...blob, archive: 'Archived' });
    const next = contents({ tables: 0 });
    const compared = await comparedWith(
      trusting(store),
      { identity, backupID: day(3), dataSets: next.dataSets },
      undefined,
      signal,
    );
    expect(doubtOf(next, compared)).toEqual(emptied(['database', 1]));
  });

  it('although many that nobody signed lie between', async () => {
    const store = new MemoryBlobStore();
    await history(store, [{}]);
    for (let number = 0; number < 60; number += 1)
      putBlob(store, paths.manifest(identity, `${day(2).slice(0, -6)}${hex(number)}`), '{}');
    const next = contents({ tables: 0 });
    const about = { identity, backupID: day(3), dataSets: next.dataSets };
    expect(doubtOf(next, await comparedWith(trusting(store), about, undefined, signal))).toEqual(
      emptied(['database', 1]),
    );
  });

  it('although a manifest between them cannot be read; a store that does not answer is no "nothing"', async () => {
    const store = new MemoryBlobStore();
    await history(store, [{}, {}]);
    for (const [name, blob] of store.blobs)
      if (name.endsWith(`${day(2)}/manifest.json`))
        store.blobs.set(name, { ...blob, content: Buffer.from('{') });
    const next = contents({ tables: 0 });
    const about = { identity, backupID: day(3), dataSets: next.dataSets };
    expect(doubtOf(next, await comparedWith(trusting(store), about, undefined, signal))).toEqual(
      emptied(['database', 1]),
    );
    await expect(
      comparedWith(trusting(store), about, undefined, AbortSignal.abort(new Error('no answer'))),
    ).rejects.toThrow('no answer');
  });
});

describe('the newest backup to bring back', () => {
  it('is the newest with content, and what was skipped is said', async () => {
    const store = new MemoryBlobStore();
    await history(store, [{}, { bytes: 300 }, { tables: 0 }, { tables: 0 }]);
    const choice = await newestGoodBackup(trusting(store), identity, undefined, signal);
    expect(choice).toEqual({ backupID: day(2), skipped: [day(4), day(3)] });
    expect(describeSkipped(choice)).toContain(`${day(4)}, ${day(3)}`);
    expect(await newestGoodBackup(trusting(store), identity, day(4), signal)).toEqual({
      backupID: day(4),
      skipped: [],
    });
    // Accepted were those up to the third: the fourth is still in doubt.
    expect(await newestGoodBackup(trusting(store), identity, day(3), signal)).toEqual({
      backupID: day(3),
      skipped: [day(4)],
    });
  });

  it('is never one that does not count, and where there are only such, that is not "no backup"', async () => {
    const store = new MemoryBlobStore();
    storeBackup(store, { identity, backupID: day(1) });
    storeBackup(store, { identity, backupID: day(2), signer: 'Nobody' });
    storeBackup(store, { identity, backupID: day(3), signer: newSigner() });
    storeBackup(store, { identity, backupID: '20990101t020000z-00000a' });
    const choice = await newestGoodBackup(trusting(store), identity, undefined, signal);
    expect(choice).toEqual({
      backupID: day(1),
      skipped: [],
      ignored: [
        { backupID: '20990101t020000z-00000a', why: 'Future' },
        { backupID: day(3), why: 'UnknownKey' },
        { backupID: day(2), why: 'Unsigned' },
      ],
    });
    expect(describeSkipped(choice)).toContain(`${day(2)} (not signed)`);
    const nobody = await newestGoodBackup(trusting(store, { keys: [] }), identity, undefined, signal);
    expect(() => requireChoice(nobody, 'the store')).toThrow(/spec\.trustedKeys/);
  });

  it.each([
    ['of the future', (number: number) => `20990101t020000z-${hex(number)}`],
    ['of nobody', (number: number) => `20260401t020000z-${hex(number)}`],
  ])('is found behind however many manifests %s, and few of those are told', async (_, nameOf) => {
    const store = new MemoryBlobStore();
    storeBackup(store, { identity, backupID: day(1) });
    for (let number = 0; number < 250; number += 1)
      putBlob(store, paths.manifest(identity, nameOf(number)), '{}');
    const choice = await newestGoodBackup(trusting(store), identity, undefined, signal);
    expect(choice.backupID).toBe(day(1));
    expect(choice.ignored?.length).toBeLessThanOrEqual(200);
  });

  it('that this cluster made is found even where reading what lies before it takes too long', async () => {
    const store = new MemoryBlobStore();
    storeBackup(store, { identity, backupID: day(1) });
    storeBackup(store, { identity, backupID: day(2) });
    for (const number of [1, 2, 3, 4])
      putBlob(store, paths.manifest(identity, `20260401t020000z-${hex(number)}`), '{}');
    // Each question for the time is 12 seconds after the one before.
    let seconds = Date.parse('2026-12-31T00:00:00Z') / 1000;
    const now = () => new Date((seconds += 12) * 1000);
    const isKnown = (of: string, backupID: string) => of === identity && backupID === day(1);
    const ignored = ['4', '3', '2'].map((number, at) => ({
      backupID: `20260401t020000z-00000${number}`,
      why: at < 2 ? 'Unsigned' : 'NotRead',
    }));
    expect(await newestGoodBackup(trusting(store, { now, isKnown }), identity, undefined, signal)).toEqual({
      backupID: day(1),
      skipped: [],
      ignored,
    });
    const lost = await newestGoodBackup(trusting(store, { now }), identity, undefined, signal);
    expect(() => requireChoice(lost, 'the store')).toThrow(/were not read.*name(s)? its backupID/);
  });

  it('is one in the archive tier only if this cluster made it: nobody can tell who wrote another one', async () => {
    const store = new MemoryBlobStore();
    storeBackup(store, { identity, backupID: day(1) });
    putBlob(store, paths.manifest(identity, day(2)), 'forged');
    for (const [name, blob] of store.blobs)
      if (name === paths.manifest(identity, day(2))) store.blobs.set(name, { ...blob, archive: 'Archived' });
    const ignored = [{ backupID: day(2), why: 'Archived' }];
    const choice = await newestGoodBackup(trusting(store), identity, undefined, signal);
    expect(choice).toEqual({ backupID: day(1), skipped: [], ignored });
    expect(await newestSigned(trusting(store), identity, signal)).toMatchObject({
      manifest: { backupID: day(1) },
      ignored,
    });
    const isKnown = (of: string, backupID: string) => of === identity && backupID === day(2);
    expect(await newestGoodBackup(trusting(store, { isKnown }), identity, undefined, signal)).toEqual({
      backupID: day(2),
      skipped: [],
    });
  });

  it('may be an unsigned one if its digest is known', async () => {
    const store = new MemoryBlobStore();
    storeBackup(store, { identity, backupID: day(1), signer: 'Nobody' });
    storeBackup(store, { identity, backupID: day(2), signer: 'Nobody' });
    const bytes = store.blobs.get(paths.manifest(identity, day(1)))?.content ?? '';
    const known = createHash('sha256').update(bytes).digest('hex');
    const acceptsUnsigned = (of: string, _: string, digest: string) => of === identity && digest === known;
    const catalog = trusting(store, { acceptsUnsigned });
    expect(await newestGoodBackup(catalog, identity, undefined, signal)).toMatchObject({ backupID: day(1) });
  });

  it('is none when only emptied ones are left, and that is not "no backup"', async () => {
    const store = new MemoryBlobStore();
    await history(store, [{}, { tables: 0 }]);
    for (const name of store.blobs.keys()) if (name.includes(day(1))) store.blobs.delete(name);
    const choice = await newestGoodBackup(trusting(store), identity, undefined, signal);
    expect(() => requireChoice(choice, 'the store')).toThrow(`name its backupID`);
    expect(requireChoice({ skipped: [] }, 'the store')).toBeUndefined();
    expect(isEmptied({ backupID: day(2) }, undefined)).toBe(false);
  });
});

describe('a store where no backup counts says why, and what to do', () => {
  const trustIt = /trustedKeys/;
  const consent = /unsigned Accept/;
  const nameIt = /names its backupID; a signed one needs no consent/;
  const clock = /clock/;
  const nobodyConsents = /nobody can consent/;
  const rehydrate = /Rehydrate/;
  const all = [trustIt, consent, nameIt, clock, nobodyConsents, rehydrate];

  it.each<[readonly WhyIgnored[], string, readonly RegExp[]]>([
    [['Unsigned'], 'BackupUnsigned', [consent]],
    [['UnknownKey'], 'BackupSignerUnknown', [trustIt]],
    [['Archived'], 'BlobArchived', [rehydrate]],
    [['Wrong'], 'BackupInvalid', [nobodyConsents]],
    [['Future'], 'BackupInvalid', [clock]],
    [['Future', 'Unsigned'], 'BackupUnsigned', [clock, consent]],
    [['Unsigned', 'UnknownKey'], 'BackupSignerUnknown', [trustIt, consent]],
    [['Unsigned', 'NotRead'], 'BackupInvalid', [nameIt]],
    [['UnknownKey', 'NotRead'], 'BackupSignerUnknown', [trustIt, nameIt]],
  ])('%j', (kinds, reason, advice) => {
    const ignored = kinds.map((why, at) => ({ backupID: day(at + 1), why }));
    const refused = ((): unknown => {
      try {
        return requireChoice({ skipped: [], ignored }, 'the store');
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toMatchObject({ reason });
    expect(all.filter((one) => one.test(String(refused)))).toEqual(all.filter((one) => advice.includes(one)));
  });

  it('and that the search was given up, however many were passed over before', () => {
    const before = [1, 2, 3, 4].map((at) => ({ backupID: day(at), why: 'Unsigned' as const }));
    const ignored = [...before, { backupID: day(5), why: 'NotRead' as const }];
    expect(describeSkipped({ skipped: [], ignored })).toMatch(
      new RegExp(`${day(5)} \\(the first of those that were not read.*\\) and 1 more`),
    );
  });
});
