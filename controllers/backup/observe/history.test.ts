/** A scheduled JtelBackup that git or a cluster's backup creates again, long after its time. */
import { describe, expect, it, test } from 'vitest';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { trusting } from '../../../test/support/signing.ts';
import { storeBackup } from '../../../test/support/stored-backup.ts';
import { backupEvents } from '../report/events.ts';
import { lateSince } from '../../times/late-copy.ts';
import { orderOf, readHistory } from './history.ts';
import { plan } from '../plan/plan.ts';
import { summarise } from '../report/status.ts';
import { aBackup, aStack, observing, planInput } from '../testing.ts';

const { signal } = new AbortController();
const scheduled = { trigger: 'Scheduled' } as const;
/** Due at 01:00 UTC on the first of March, with twelve hours to begin. */
const copy = (name = 'main-20260301', creationTimestamp = '2026-03-05T09:00:00Z') =>
  aBackup(undefined, scheduled, { name, creationTimestamp });

describe('a scheduled backup', () => {
  it.each([
    ['created after it could still begin', copy(), '2026-03-01T01:00:00.000Z'],
    ['created in its time', copy('main-20260301', '2026-03-01T12:59:00Z'), undefined],
    ['of a name that the schedule does not give', copy('main-20260301-1400'), undefined],
    ['of no date', copy('main-99999999'), undefined],
    ['of another stack', copy('other-20260301'), undefined],
    [
      'that was asked for by hand',
      aBackup(undefined, {}, { name: 'main-20260301', creationTimestamp: '2026-03-05T09:00:00Z' }),
      undefined,
    ],
  ])('%s', (_, backup, since) => {
    expect(lateSince(backup, aStack())?.toISOString()).toBe(since);
  });

  it('is neither served nor followed by what somebody else wrote', async () => {
    const store = new MemoryBlobStore();
    const [ours, forged] = ['20260228t010000z-00000a', '20260301t010003z-00000b'];
    storeBackup(store, { backupID: ours });
    storeBackup(store, { backupID: forged, signer: 'Nobody' });
    const history = await readHistory(
      trusting(store),
      'acme.main',
      { since: lateSince(copy(), aStack()), order: undefined },
      signal,
    );
    expect(history).toMatchObject({
      newest: { backupID: ours },
      ignored: [{ backupID: forged, why: 'Unsigned' }],
    });
    expect(history).not.toHaveProperty('served');
    const begun = backupEvents(
      undefined,
      { backupID: 'x', identity: 'acme.main' },
      { kind: 'Begin', storeName: 'backups', epoch: '20260228', version: '3.43.2' },
      observing({ history: { ok: true, value: history } }),
    );
    expect(begun).toContainEqual(
      expect.objectContaining({
        type: 'Warning',
        reason: 'BackupsIgnored',
        note: expect.stringContaining(forged),
      }),
    );
  });

  it('is served by the first backup since its time, and not by older ones', async () => {
    const store = new MemoryBlobStore();
    for (const backupID of ['20260228t010000z-00000a', '20260301t010003z-00000b', '20260302t010000z-00000c'])
      storeBackup(store, { backupID });
    const read = (since?: Date) =>
      readHistory(trusting(store), 'acme.main', { since, order: undefined }, signal);
    expect(await read(lateSince(copy(), aStack()))).toMatchObject({
      served: { backupID: '20260301t010003z-00000b', is: 'LateCopy' },
    });
    expect(await read(new Date('2026-03-02T02:00:00Z'))).not.toHaveProperty('served');
    expect(await read()).not.toHaveProperty('served');
  });
});

describe('a backup that git creates again', () => {
  const [made, other] = ['20260228t010000z-00000a', '20260301t010003z-00000b'];
  const history = async (
    store: MemoryBlobStore,
    name: string | undefined,
    stackUID = 'uid-of-another-life',
  ) => {
    const order = name === undefined ? undefined : { name, stackUID };
    return await readHistory(trusting(store), 'acme.main', { since: undefined, order }, signal);
  };

  it('is served by the one that was made for an order of its name, however many came since', async () => {
    const store = new MemoryBlobStore();
    storeBackup(store, { backupID: made, change: (manifest) => ({ ...manifest, request: 'before' }) });
    storeBackup(store, { backupID: other, change: (manifest) => ({ ...manifest, request: 'nightly' }) });
    expect(await history(store, 'before')).toMatchObject({ served: { backupID: made, is: 'SameOrder' } });
    expect(await history(store, 'after')).not.toHaveProperty('served');
    expect(await history(store, undefined)).not.toHaveProperty('served');
    // Of a stack that was deleted and created again, the data are others.
    expect(await history(store, 'before', 'uid-of-this-life')).not.toHaveProperty('served');
  });

  it('is made again if it asks for a test restore, because nobody knows how that ended', () => {
    const kept = (verify: 'Checksum' | 'Restore') => {
      const backup = copy();
      const annotations = { 'argocd.argoproj.io/tracking-id': 'acme:jtel.de/JtelBackup:customers/before' };
      const metadata = { ...backup.metadata, name: 'before', annotations };
      return orderOf({ ...backup, metadata, spec: { ...backup.spec, verify } }, aStack());
    };
    expect(kept('Checksum')).toEqual({ name: 'before', stackUID: aStack().metadata.uid });
    expect([kept('Restore'), orderOf(copy(), aStack())]).toEqual([undefined, undefined]);
  });

  it('is not served by what somebody else wrote, or what does not say who asked for it', async () => {
    const store = new MemoryBlobStore();
    storeBackup(store, { backupID: made });
    const change = (manifest: object) => ({ ...manifest, request: 'before' });
    storeBackup(store, { backupID: other, change, signer: 'Nobody' });
    expect(await history(store, 'before')).not.toHaveProperty('served');
  });
});

test('what serves a late copy is looked for only so long among what nobody signed', async () => {
  const store = new MemoryBlobStore();
  const reads: string[] = [];
  const read = store.read.bind(store);
  store.read = async (name, ...rest) => {
    reads.push(name);
    return await read(name, ...rest);
  };
  for (const number of ['1', '2', '3', '4', '5', '6'])
    storeBackup(store, { backupID: `20260301t010003z-00000${number}`, signer: 'Nobody' });
  storeBackup(store, { backupID: '20260302t010000z-00000a' });
  let seconds = Date.parse('2026-12-31T00:00:00Z') / 1000;
  const now = () => new Date((seconds += 12) * 1000);
  const history = await readHistory(
    trusting(store, { now }),
    'acme.main',
    { since: lateSince(copy(), aStack()), order: undefined },
    signal,
  );
  expect(history).toMatchObject({ newest: { backupID: '20260302t010000z-00000a' } });
  expect(history).not.toHaveProperty('served');
  expect(reads).toHaveLength(3);
});

test('what was served is not made again: it is told as that, without a verification that nobody made', () => {
  const backupID = '20260301t010003z-00000b';
  const served = { backupID, is: 'LateCopy' } as const;
  const observed = observing({ history: { ok: true, value: { served } } });
  const backup = copy();
  const now = new Date('2026-03-05T09:01:00Z');
  const planned = plan(planInput({ backup, observed, now }));
  expect(planned).toEqual({ kind: 'Repeated', served, storeName: 'backups' });
  const status = summarise({ backup, observed, plan: planned, identity: 'acme.main', newBackupID: 'x', now });
  expect(status).toMatchObject({
    phase: 'Completed',
    backupID,
    startTime: '2026-03-01T01:00:03Z',
    conditions: [
      { type: 'Complete', status: 'True', reason: 'AlreadyCarriedOut' },
      { type: 'Ready', status: 'True', reason: 'AlreadyCarriedOut' },
    ],
  });
  expect(status).not.toHaveProperty('verification');
  expect(backupEvents(undefined, status, planned, observed)).toEqual([
    { type: 'Normal', reason: 'AlreadyCarriedOut', note: status.message },
  ]);
});
