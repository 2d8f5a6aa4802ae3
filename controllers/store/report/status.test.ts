import { describe, expect, test } from 'vitest';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import type { JtelBackupStore } from '../../../crds/index.ts';
import type { Problem } from '../../inputs/outcome.ts';
import type { Probed } from '../act/execute.ts';
import type { Observed } from '../observe/observed.ts';
import { summarise } from './status.ts';
import { aStore, hoursAgo, now } from '../testing.ts';

const listed: Observed = { kind: 'Listed', contents: undefined };
const written: Probed = { kind: 'Written' };
const notDue: Probed = { kind: 'NotDue' };
const failing = (reason: Problem['reason'], message = 'what happened and what to do'): Problem => ({
  reason,
  message,
});
const unusable = (problem: Problem): Observed => ({ kind: 'Unusable', problem });

function available(store: JtelBackupStore, observed: Observed, probed: Probed): unknown {
  const { status, reason } =
    findCondition(summarise(store, observed, probed, now).conditions, 'Available') ?? {};
  return [status, reason];
}

describe('Available', () => {
  test.each([
    ['listed and probed', listed, written, 'True', 'StoreReachable'],
    ['listed, probe not due', listed, notDue, 'True', 'StoreReachable'],
    ['does not answer', unusable(failing('StoreUnreachable')), notDue, 'False', 'StoreUnreachable'],
    [
      'refuses the credentials',
      unusable(failing('StoreCredentialsRefused')),
      notDue,
      'False',
      'StoreCredentialsRefused',
    ],
    ['has no such container', unusable(failing('ContainerNotFound')), notDue, 'False', 'ContainerNotFound'],
    ['Secret is missing', unusable(failing('SecretNotFound')), notDue, 'False', 'SecretNotFound'],
    ['Secret cannot be used', unusable(failing('SecretInvalid')), notDue, 'False', 'SecretInvalid'],
    ['asks to slow down', unusable(failing('StoreThrottled')), notDue, 'Unknown', 'StoreThrottled'],
    [
      'refuses the probe',
      listed,
      { kind: 'Failed', problem: failing('StoreCredentialsRefused') },
      'False',
      'StoreCredentialsRefused',
    ],
    [
      'gives back something else',
      listed,
      { kind: 'Failed', problem: failing('DigestMismatch') },
      'False',
      'DigestMismatch',
    ],
  ] satisfies [string, Observed, Probed, string, string][])(
    'store that was %o: %o',
    (_, observed, probed, status, reason) => {
      expect(available(aStore(), observed, probed)).toEqual([status, reason]);
    },
  );

  test('the message of the problem is also the message of the status, and goes away with it', () => {
    const broken = summarise(
      aStore(),
      unusable(failing('StoreUnreachable', 'acme.blob… does not answer')),
      notDue,
      now,
    );
    expect(broken.message).toBe('acme.blob… does not answer');
    expect(summarise(aStore({}, broken), listed, written, now).message).toBe('');
  });

  test('a store whose credentials are of no use to jobs is available, and says so', () => {
    const status = summarise(
      aStore(),
      { ...listed, cannotSign: 'No backup can be made: give the account key.' },
      written,
      now,
    );
    expect(findCondition(status.conditions, 'Available')).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/^The store can be listed.* No backup can be made/),
    });
    expect(status.message).toBe('No backup can be made: give the account key.');
  });

  test('a store with objects in the archive tier is available, says so, and is looked at again', () => {
    const contents = { count: 3, archived: { objects: 7, example: 'acme.main/packs/20260101/ab' } };
    const status = summarise(aStore(), { kind: 'Listed', contents }, written, now);
    const message = expect.stringMatching(
      /^The store can be listed.* At least 7 objects lie in the archive tier \(such as acme\.main\/packs\/20260101\/ab\)/,
    );
    expect(findCondition(status.conditions, 'Available')).toMatchObject({
      status: 'True',
      reason: 'BlobArchived',
      message,
    });
    expect(status.message).toContain('rehydrated');
    expect(
      findCondition(summarise(aStore({}, status), listed, written, now).conditions, 'Available'),
    ).toMatchObject({ reason: 'StoreReachable' });
  });

  test('a vendor’s store says which key releases are checked with, a customer’s does not', () => {
    const keyOf = (store: JtelBackupStore): string | undefined =>
      summarise(store, listed, notDue, now, { releaseKey: 'PEM' }).releaseKey;
    expect(keyOf(aStore({ tier: 'Vendor', accessMode: 'ReadOnly' }))).toBe('PEM');
    expect(keyOf(aStore())).toBeUndefined();
  });

  test('a message longer than the API server takes is cut', () => {
    const status = summarise(
      aStore(),
      unusable(failing('StoreUnreachable', 'x'.repeat(10_000))),
      notDue,
      now,
    );
    expect(status.message).toHaveLength(1024);
    expect(findCondition(status.conditions, 'Available')?.message).toHaveLength(4096);
  });
});

describe('Immutable', () => {
  const proof = (
    overwrite: 'Refused' | 'Allowed' | 'NotTried',
    deletion: 'Refused' | 'Allowed' | 'NotTried',
  ): Probed => ({
    kind: 'Written',
    proof: { overwrite, delete: deletion, detail: 'overwriting it was tried' },
  });
  const listedWith = (hasImmutabilityPolicy: boolean, versioning = false): Observed => ({
    kind: 'Listed',
    contents: undefined,
    policy: { hasImmutabilityPolicy, versioning },
  });
  const told = (retention: Retention): Observed => ({
    kind: 'Listed',
    contents: undefined,
    policy: { hasImmutabilityPolicy: true, versioning: false },
    retention,
  });
  const lasting = (days: number, isLocked = true): Observed => told({ kind: 'TimeBased', days, isLocked });
  const readOnly = aStore({ accessMode: 'ReadOnly' });
  test.each([
    [
      'both attempts were refused',
      aStore(),
      listedWith(true),
      proof('Refused', 'Refused'),
      'True',
      'ImmutabilityVerified',
    ],
    [
      'both were refused, whatever the container says',
      aStore(),
      listed,
      proof('Refused', 'Refused'),
      'True',
      'ImmutabilityVerified',
    ],
    [
      'overwriting was allowed',
      aStore(),
      listedWith(true),
      proof('Allowed', 'NotTried'),
      'False',
      'NotImmutable',
    ],
    [
      'deleting was allowed',
      aStore(),
      listedWith(true),
      proof('Refused', 'Allowed'),
      'False',
      'NotImmutable',
    ],
    [
      'there is no policy, and nothing could be tried',
      aStore(),
      listedWith(false),
      proof('NotTried', 'NotTried'),
      'False',
      'PolicyMissing',
    ],
    [
      'there is a policy, and nothing could be tried',
      aStore(),
      listedWith(true),
      proof('NotTried', 'NotTried'),
      'Unknown',
      'NotChecked',
    ],
    ['a store is only read and has no policy', readOnly, listedWith(false), notDue, 'False', 'PolicyMissing'],
    ['a store is only read and has one', readOnly, listedWith(true), notDue, 'Unknown', 'NotChecked'],
    [
      'nothing is asked of it',
      aStore({ immutability: { policy: 'None', retentionDays: 30 } }),
      listedWith(false),
      written,
      'Unknown',
      'NotChecked',
    ],
    ['nothing was tried yet', aStore(), listed, notDue, 'Unknown', 'NotChecked'],
    [
      'both were refused by a policy that is locked and long enough',
      aStore(),
      lasting(210),
      proof('Refused', 'Refused'),
      'True',
      'ImmutabilityVerified',
    ],
    [
      'both were refused by a policy that can be removed',
      aStore(),
      lasting(210, false),
      proof('Refused', 'Refused'),
      'False',
      'PolicyUnlocked',
    ],
    [
      'both were refused by a policy that is too short',
      aStore(),
      lasting(180),
      proof('Refused', 'Refused'),
      'False',
      'RetentionTooShort',
    ],
    [
      'both were refused, but only by a legal hold',
      aStore(),
      told({ kind: 'None' }),
      proof('Refused', 'Refused'),
      'False',
      'PolicyMissing',
    ],
    [
      'both were refused, and the management plane does not answer',
      aStore(),
      told({ kind: 'NotRead', detail: 'no answer' }),
      proof('Refused', 'Refused'),
      'True',
      'ImmutabilityVerified',
    ],
    [
      'overwriting was allowed, whatever the management plane says',
      aStore(),
      lasting(210),
      proof('Allowed', 'NotTried'),
      'False',
      'NotImmutable',
    ],
    [
      'a store is only read and its policy can be removed',
      readOnly,
      lasting(210, false),
      notDue,
      'False',
      'PolicyUnlocked',
    ],
  ] satisfies [string, JtelBackupStore, Observed, Probed, string, string][])(
    'when %s',
    (_, store, observed, probed, status, reason) => {
      expect(findCondition(summarise(store, observed, probed, now).conditions, 'Immutable')).toMatchObject({
        status,
        reason,
      });
    },
  );

  test('is believed between two proofs, while the policy is there and the spec is the same', () => {
    const proven = summarise(aStore(), listedWith(true), proof('Refused', 'Refused'), now);
    const later = (observed: Observed, generation = 1) =>
      findCondition(
        summarise(aStore({}, proven, generation), observed, notDue, new Date(now.getTime() + 3_600_000))
          .conditions,
        'Immutable',
      );
    expect(proven.lastProofTime).toBe('2026-03-01T03:00:00Z');
    expect(later(listedWith(true))).toMatchObject({ status: 'True', reason: 'ImmutabilityVerified' });
    expect(later(unusable(failing('StoreUnreachable')))).toMatchObject({ status: 'True' });
    expect(later(listedWith(false))).toMatchObject({ status: 'False', reason: 'PolicyMissing' });
    expect(later(listedWith(true), 2)).toMatchObject({ status: 'Unknown' });
  });

  test.each([
    [
      'how long the period has to be, when nobody could tell',
      listedWith(true),
      /at least 210 days .*spec\.azure\.management says whom to ask/,
    ],
    [
      'why nobody could tell',
      told({ kind: 'NotRead', detail: 'account acme: 403 AuthorizationFailed' }),
      /at least 210 days .*did not say \(account acme: 403 AuthorizationFailed\)/,
    ],
    ['how long the period is', lasting(365), /is locked and lasts 365 days/],
    [
      'what to do about one that can be removed',
      lasting(365, false),
      /\(365 days\) is not locked.*locked time-based policy of at least 210 days/,
    ],
  ])('says %s', (_, observed, expected) => {
    expect(
      findCondition(summarise(aStore(), observed, proof('Refused', 'Refused'), now).conditions, 'Immutable')
        ?.message,
    ).toMatch(expected);
  });

  test('says that no backup counts meanwhile, where immutability is required', () => {
    const store = aStore({ immutability: { policy: 'Required', retentionDays: 180 } });
    const { conditions } = summarise(store, lasting(365, false), proof('Refused', 'Refused'), now);
    expect(findCondition(conditions, 'Immutable')?.message).toContain('No backup counts as Completed until');
  });

  test('what the management plane told stays in the status while it does not answer, under the same spec', () => {
    const asking = {
      azure: {
        ...aStore().spec.azure,
        management: { resourceID: 'id', credentialsSecretRef: { name: 'reader' } },
      },
    };
    const first = summarise(aStore(asking), lasting(210), proof('Refused', 'Refused'), now);
    expect(first.retention).toEqual({ state: 'Locked', days: 210 });
    const silent = told({ kind: 'NotRead', detail: 'no answer' });
    expect(summarise(aStore(asking, first), silent, notDue, now).retention).toEqual({
      state: 'Locked',
      days: 210,
    });
    expect(summarise(aStore(asking, first, 2), silent, notDue, now).retention).toBeUndefined();
    expect(summarise(aStore({}, first), listedWith(true), notDue, now).retention).toBeUndefined();
  });
});

describe('the time of the last probe', () => {
  const earlier = { observedGeneration: 1, lastProbeTime: hoursAgo(2) };
  const failed: Probed = { kind: 'Failed', problem: failing('StoreUnreachable') };

  test.each([
    ['is now when one was written', aStore({}, earlier), listed, written, '2026-03-01T03:00:00Z'],
    ['stays while none is due', aStore({}, earlier), listed, notDue, hoursAgo(2)],
    [
      'stays while the store is away',
      aStore({}, earlier),
      unusable(failing('StoreUnreachable')),
      notDue,
      hoursAgo(2),
    ],
    [
      'is forgotten when one failed, so that the next look tries again',
      aStore({}, earlier),
      listed,
      failed,
      undefined,
    ],
    [
      'is forgotten when the spec changed and the store is away',
      aStore({}, earlier, 2),
      unusable(failing('StoreUnreachable')),
      notDue,
      undefined,
    ],
  ] as const)('%s', (_, store, observed, probed, expected) => {
    expect(summarise(store, observed, probed, now).lastProbeTime).toBe(expected);
  });
});

describe('contents', () => {
  test('a vendor store shows its releases and when the newest came', () => {
    const observed: Observed = {
      kind: 'Listed',
      contents: { count: 2, newestTime: '2026-02-01T10:20:30.456Z' },
    };
    expect(summarise(aStore(), observed, notDue, now)).toMatchObject({
      backups: 2,
      lastBackupTime: '2026-02-01T10:20:30Z',
    });
  });

  test('what was last known stays while the store is away', () => {
    const known = { backups: 2, lastBackupTime: '2026-02-01T10:20:30Z' };
    expect(summarise(aStore({}, known), unusable(failing('StoreUnreachable')), notDue, now)).toMatchObject(
      known,
    );
  });
});

test('the status says which generation it was computed for', () => {
  const status = summarise(aStore({}, undefined, 7), listed, written, now);
  expect([
    status.observedGeneration,
    ...(status.conditions ?? []).map(({ observedGeneration }) => observedGeneration),
  ]).toEqual([7, 7, 7, 7]);
});
