import { describe, expect, it } from 'vitest';
import { keyIDOf } from '../../../backup-format/signature.ts';
import { aBackup } from '../../../controllers/backup/testing.ts';
import type { Condition, JtelBackupStore, JtelStackStatus } from '../../../crds/index.ts';
import { now, stackOf } from '../testing.ts';
import { commandsFor, copyCommand } from './commands.ts';
import { stackDetail, type DetailParts } from './detail.ts';
import { stackRow, storeRow } from './rows.ts';

const publicKey = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
const key = { publicKey, keyID: keyIDOf(publicKey) };

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `${type} says ${reason}`,
  lastTransitionTime: '2026-03-01T01:00:00Z',
});

const ready: JtelStackStatus = {
  phase: 'Ready',
  version: '3.43.1',
  phaseStartTime: '2026-02-28T01:00:00Z',
  message: 'All is well.',
  componentsReady: '3/3',
  conditions: [condition('Ready', 'True', 'Healthy'), condition('HostReachable', 'True', 'HostReachable')],
};

describe('the row of a stack', () => {
  it('says what runs, what is wanted, and that it serves', () => {
    const row = stackRow({ stack: stackOf('acme', 'main', ready) }, now);
    expect(row).toMatchObject({
      key: 'acme/main',
      version: '3.43.1',
      wantedVersion: '3.43.2',
      verdict: 'Good',
      available: true,
      message: 'All is well.',
      since: '2026-02-28T01:00:00Z',
    });
    expect(row).not.toHaveProperty('backups');
    expect(row).not.toHaveProperty('context');
  });

  it('tells the problem of a stack that is ready, and puts it before those that are well', () => {
    const conditions = [...(ready.conditions ?? []), condition('BackupHealthy', 'False', 'BackupMissed')];
    const ill = stackRow({ stack: stackOf('acme', 'ill', { ...ready, conditions }) }, now);
    expect(ill).toMatchObject({
      verdict: 'Bad',
      reason: 'BackupMissed',
      message: 'BackupHealthy: BackupHealthy says BackupMissed',
    });
    expect(ill.urgency).toBeLessThan(stackRow({ stack: stackOf('acme', 'well', ready) }, now).urgency);
  });

  it('does not claim that a stack serves of which nobody knows', () => {
    expect(stackRow({ stack: stackOf('acme', 'new') }, now)).toMatchObject({
      phase: 'Pending',
      verdict: 'Unknown',
    });
    expect(stackRow({ stack: stackOf('acme', 'new') }, now)).not.toHaveProperty('available');
    const silent = { ...ready, conditions: [condition('HostReachable', 'False', 'HostUnreachable')] };
    expect(stackRow({ stack: stackOf('acme', 'main', silent) }, now).available).toBe(false);
  });

  it.each([
    ['True', 'Serving', true],
    ['False', 'ComponentsUnhealthy', false],
    ['Unknown', 'HostUnreachable', undefined],
  ] as const)('believes the condition Available: %s', (status, reason, expected) => {
    const conditions = [...(ready.conditions ?? []), condition('Available', status, reason)];
    const row = stackRow({ stack: stackOf('acme', 'main', { ...ready, conditions }) }, now);
    expect(row.available).toBe(expected);
  });

  it('has the last test of a restore from the status, also when the object of a later one says else', () => {
    const time = '2026-02-27T02:00:00Z';
    const stack = stackOf('acme', 'main', {
      ...ready,
      backup: { lastRestoreTestResult: 'Failed', lastRestoreTestTime: time },
    });
    const verification = { state: 'Passed', method: 'Restore', time: '2026-02-28T02:00:00Z' } as const;
    const backups = [aBackup({ phase: 'Completed', verification })];
    for (const parts of [{ stack }, { stack, backups }])
      expect(stackRow(parts, now).restoreTest).toEqual({ result: 'Failed', time });
  });

  it('has the test of a restore that runs', () => {
    const backup = { lastRestoreTestResult: 'Passed', lastRestoreTestTime: '2026-02-27T02:00:00Z' } as const;
    const startTime = '2026-03-01T02:00:00Z';
    const backups = [aBackup({ phase: 'Verifying', startTime }, { verify: 'Restore' })];
    const row = stackRow({ stack: stackOf('acme', 'main', { ...ready, backup }), backups }, now);
    expect(row.restoreTest).toEqual({ result: 'Running', time: startTime });
  });

  it('has the context in its key if there are several', () => {
    const row = stackRow({ context: 'prod/eu', stack: stackOf('acme', 'main') }, now);
    expect([row.key, row.context]).toEqual(['prod/eu/acme/main', 'prod/eu']);
  });
});

function aStore(spec: Partial<JtelBackupStore['spec']>, status?: JtelBackupStore['status']): JtelBackupStore {
  return {
    metadata: { namespace: 'acme', name: 'customer' },
    spec: {
      tier: 'Customer',
      accessMode: 'ReadWrite',
      azure: { endpoint: 'https://a.example', container: 'c' },
      ...spec,
    },
    status,
  } as unknown as JtelBackupStore;
}

it('the row of a store says which keys it trusts, and that of a vendor none', () => {
  const store = aStore({ trustedKeys: [key.publicKey] });
  expect(storeRow({ store }).keys).toEqual([{ keyID: key.keyID, use: 'Added', isRevoked: false }]);
  const revoking = aStore({ revokedKeyIDs: [key.keyID] }, { signingKeys: [key] });
  expect(storeRow({ store: revoking }).keys).toEqual([{ keyID: key.keyID, use: 'InUse', isRevoked: true }]);
  expect(storeRow({ store: aStore({}) }).keys).toEqual([]);
  expect(storeRow({ store: aStore({ tier: 'Vendor' }) })).not.toHaveProperty('keys');
});

it('the row of a store says whether it answers and cannot be changed, or that nobody knows', () => {
  const store = (status?: JtelBackupStore['status']): JtelBackupStore => aStore({}, status);
  expect(storeRow({ store: store() })).toMatchObject({ verdict: 'Unknown', place: 'https://a.example/c' });
  expect(storeRow({ store: store() })).not.toHaveProperty('immutable');
  const conditions = [
    condition('Ready', 'True', 'Healthy'),
    condition('Available', 'True', 'StoreReachable'),
    condition('Immutable', 'Unknown', 'NotChecked'),
  ];
  const row = storeRow({
    store: store({ conditions, backups: 3 }),
    lastBackups: [{ storedBytes: 20 }, undefined, { storedBytes: 5 }],
  });
  expect(row).toMatchObject({ verdict: 'Good', reachable: true, backups: 3, bytes: 25 });
  expect(row).not.toHaveProperty('immutable');
});

describe('commands to copy', () => {
  it('say where to look', () => {
    expect(copyCommand('p', { namespace: 'acme' }, ['status', 'main']).command).toBe(
      'kubectl jtel status main -n acme',
    );
  });

  it('cannot be broken by the name of a context', () => {
    const { command } = copyCommand('p', { namespace: 'acme', context: "a'; rm -rf ~; $(id) #" }, [
      'plan',
      'main',
    ]);
    expect(command).toBe(String.raw`kubectl jtel plan main -n acme --context 'a'\''; rm -rf ~; $(id) #'`);
  });

  it('offer the way back only while there is one, and with the data that belong to it', () => {
    const purposes = (status: JtelStackStatus): readonly string[] =>
      commandsFor(stackOf('acme', 'main', status), { namespace: 'acme' }).map(({ command }) => command);
    expect(purposes(ready).join('\n')).not.toContain('rollback');
    expect(purposes({ ...ready, rollback: { revision: 3, backupRef: { name: 'b' } } })).toContain(
      'kubectl jtel rollback main --to 3 --restore-data -n acme',
    );
    const older = { revision: 3, version: '3.43.2' };
    expect(purposes({ ...ready, version: '4.0.0', rollback: older }).join('\n')).not.toContain('rollback');
  });

  it('offer consent only while the host is newer than the object', () => {
    const words = (status: JtelStackStatus): string =>
      commandsFor(stackOf('acme', 'main', status), { namespace: 'acme' })
        .map(({ command }) => command)
        .join('\n');
    const unknown = { kind: 'Configured', time: '2026-03-01T03:00:00.000Z' } as const;
    expect(words({ ...ready, hostChange: { number: 1 } })).not.toContain('consent');
    expect(words({ ...ready, hostChange: { number: 1, unknown } })).toContain('kubectl jtel consent main');
  });
});

describe('the detail of a stack', () => {
  const detail = (changes: Partial<DetailParts> = {}) =>
    stackDetail(
      {
        stack: stackOf('acme', 'main', ready),
        backups: [],
        restores: [],
        stores: [],
        revisions: [],
        events: [],
        ...changes,
      },
      now,
    );

  it('puts what is wrong first, with what its reason means', () => {
    const conditions = [...(ready.conditions ?? []), condition('BackupHealthy', 'False', 'BackupFailed')];
    const [first] = detail({ stack: stackOf('acme', 'main', { ...ready, conditions }) }).conditions;
    expect(first).toMatchObject({
      type: 'BackupHealthy',
      verdict: 'Bad',
      meaning: expect.any(String) as string,
    });
  });

  it('says why a part is absent, and keeps what the status knows of the history', () => {
    const absent = 'You may not list that.';
    const parts = detail({ backups: absent, restores: absent, events: absent, revisions: absent });
    for (const part of [parts.backups, parts.restores, parts.events, parts.history])
      expect(part).toEqual({ absent });
    expect(parts.row).not.toHaveProperty('backups');
    const history = [{ revision: 4, action: 'Update', version: '3.43.1' }];
    expect(
      detail({ stack: stackOf('acme', 'main', { ...ready, history }), revisions: absent }).history,
    ).toEqual({
      items: [{ revision: 4, action: 'Update', version: '3.43.1', marks: [] }],
      more: 0,
    });
  });

  it('has at most a hundred backups, the newest first, and a command only for complete ones', () => {
    const backups = Array.from({ length: 120 }, (_, index) =>
      aBackup({
        phase: index === 119 ? 'Failed' : 'Completed',
        backupID: `id-${index}`,
        signingKeyID: key.keyID,
        startTime: new Date(Date.parse('2026-02-01T00:00:00Z') + index * 3_600_000).toISOString(),
      }),
    );
    const { backups: shown } = detail({ backups });
    if ('absent' in shown) throw new Error(shown.absent);
    expect([shown.items.length, shown.more]).toEqual([100, 20]);
    expect(shown.items[0]).toMatchObject({ backupID: 'id-119', verdict: 'Bad' });
    expect(shown.items[0]).not.toHaveProperty('command');
    expect(shown.items[1]?.command?.command).toBe(
      'kubectl jtel restore main --from id-118 --replace --plan -n acme',
    );
  });

  it.each([
    ['Trusted', {}, 'Good', 'restore main --from b-1 --replace'],
    ['Revoked', { revokedKeyIDs: [key.keyID] }, 'Bad', undefined],
    ['Untrusted', { trustedKeys: [] }, 'Bad', undefined],
    ['Unsigned', {}, 'Unknown', 'restore main --from b-1 --unsigned --replace'],
    ['Unknown', 'You may not list that.', 'Good', 'restore main --from b-1 --replace'],
  ] as const)('says that a backup is %s, and whether it can be restored', (is, spec, verdict, command) => {
    const backup = aBackup({
      phase: 'Completed',
      backupID: 'b-1',
      storeRef: { name: 'customer' },
      message: 'It is stored.',
      ...(is === 'Unsigned' ? {} : { signingKeyID: key.keyID }),
    });
    const stores = typeof spec === 'string' ? spec : [aStore({ trustedKeys: [key.publicKey], ...spec })];
    const { backups: shown } = detail({ backups: [backup], stores });
    const [line] = 'absent' in shown ? [] : shown.items;
    expect(line).toMatchObject({ verdict, signature: { is } });
    expect(line?.signature?.keyID).toBe(is === 'Unsigned' ? undefined : key.keyID);
    expect(line?.command?.command).toBe(command && `kubectl jtel ${command} --plan -n acme`);
    const explains = is !== 'Trusted' && is !== 'Unknown';
    expect(line?.message).toMatch(explains ? /^This backup is (not )?signed/ : /^It is stored\.$/);
  });
});
