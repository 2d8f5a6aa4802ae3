import { describe, expect, it } from 'vitest';
import type { JtelBackup, JtelRestore, JtelRestoreStatus } from '../../crds/index.ts';
import { backupResult, requestProgress, restoreResult } from './view-request.ts';
import { marked, now, pipe } from '../view/testing.ts';
import { aRestore } from '../../test/support/a-restore.ts';

const metadata = {
  name: 'main-now',
  namespace: 'acme',
  uid: '1',
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-03-01T02:59:00Z',
};

function aBackup(status?: JtelBackup['status']): JtelBackup {
  const object = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackup',
    metadata,
    spec: { stackRef: { name: 'main' }, trigger: 'Manual', verify: 'Checksum' },
  } as const;
  return status === undefined ? object : { ...object, status };
}

function restore(mode: 'Execute' | 'Plan' | 'Test', status: JtelRestoreStatus): JtelRestore {
  return aRestore({ mode }, { metadata, status });
}

describe('progress', () => {
  it('has numbers and words', () => {
    const operation = { id: '1', type: 'Backup', progressPercent: 45, message: '1.2 GiB of 2.6 GiB' };
    expect(
      requestProgress(aBackup({ phase: 'Running', startTime: '2026-03-01T02:58:00Z', operation }), now),
    ).toEqual({ percent: 45, text: 'Running 2m  1.2 GiB of 2.6 GiB' });
  });

  it('is taken from the column if there is nothing better', () =>
    expect(requestProgress(aBackup({ phase: 'Running', progress: '12%' }), now).percent).toBe(12));
  it('asks for the operator when nobody looks at the request', () =>
    expect(requestProgress(aBackup(), now).text).toContain('does it run?'));
});

describe('the end', () => {
  it('of a backup has its figures', () => {
    const status = {
      phase: 'Completed',
      backupID: '20260301t020000z-3f9a1c',
      startTime: '2026-03-01T02:00:00Z',
      completionTime: '2026-03-01T02:02:00Z',
      totalBytes: 2 ** 30,
      uploadedBytes: 2 ** 20,
    } as const;
    expect(backupResult(aBackup(status), pipe)).toEqual([
      '✔ backup 20260301t020000z-3f9a1c is complete: in 2m, 1.0 GiB of data, 1.0 MiB sent',
    ]);
  });

  it('of a failed one says why', () =>
    expect(backupResult(aBackup({ phase: 'Failed', message: 'the host was lost' }), pipe)[0]).toBe(
      '✘ JtelBackup main-now failed: the host was lost',
    ));

  it('of a restore has the checks and the measured time', () => {
    const lines = restoreResult(
      restore('Execute', {
        phase: 'Completed',
        backupID: 'b',
        backupTime: '2026-02-28T02:00:00Z',
        recoveryTimeSeconds: 190,
        checks: [{ name: 'Counts', result: 'Passed', message: '88 tables' }],
      }),
      pipe,
    );
    expect(lines).toEqual([
      '✔ Counts: 88 tables',
      '✔ backup b of 2026-02-28T02:00:00Z: restored, 3m10s until healthy',
    ]);
  });

  it('of a restore stays readable in colour on a narrow terminal', () => {
    const message = 'All 120 packs and 3 index parts are in the store, with their lengths and digests.';
    const lines = restoreResult(
      restore('Execute', {
        phase: 'Completed',
        backupID: 'b',
        checks: [{ name: 'Complete', result: 'Passed', message }],
      }),
      marked,
    );
    expect(lines[0]).toMatch(/^<green:✔> Complete: All 120 packs .* lengths$/);
    expect(lines[1]).toBe('  and digests.');
    expect(lines[2]).toMatch(/^<green:✔> backup b/);
  });

  it('of a plan says that nothing was done', () => {
    const [line] = restoreResult(
      restore('Plan', { phase: 'Completed', backupID: 'b', estimatedSeconds: 90 }),
      pipe,
    );
    expect(line).toContain('nothing was done; it can be restored, about 1m30s of loading');
  });

  it('of one that was refused shows which check', () => {
    const lines = restoreResult(
      restore('Execute', {
        phase: 'Failed',
        message: 'a pack is missing',
        checks: [{ name: 'BackupComplete', result: 'Failed' }],
      }),
      pipe,
    );
    expect(lines).toEqual(['✘ BackupComplete', '✘ JtelRestore main-now failed: a pack is missing']);
  });
});
