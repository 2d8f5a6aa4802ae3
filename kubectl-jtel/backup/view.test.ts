import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../backup-format/manifest.ts';
import type { JtelBackup, JtelBackupStatus } from '../../crds/index.ts';
import { backupLines, backupsView, backupView } from './view.ts';
import { pipe, terminal, widthOf } from '../view/testing.ts';

const backupID = '20260228t020000z-3f9a1c';

function aManifest(change: Partial<Manifest> = {}): Manifest {
  return {
    formatVersion: 1,
    backupID,
    identity: 'acme.main',
    epoch: '20260201',
    writer: {
      clusterID: 'cluster-1',
      namespace: 'acme',
      name: 'main',
      stackUID: 'uid',
      machineID: 'machine-1',
    },
    trigger: 'Scheduled',
    release: { version: '3.43.2', digest: `sha256:${'a'.repeat(64)}`, images: [] },
    startTime: '2026-02-28T02:00:00Z',
    endTime: '2026-02-28T02:01:30Z',
    dataSets: [
      {
        name: 'database',
        kind: 'Physical',
        bytes: 2 ** 30,
        files: 120,
        tables: 88,
        rows: 12_345,
        digest: 'b'.repeat(64),
      },
    ],
    excluded: [{ dataSet: 'files', globs: ['Recordings/**'] }],
    indexParts: [],
    packList: { name: 'packs.zst', bytes: 1, sha256: 'c'.repeat(64) },
    documents: [],
    totals: {
      totalBytes: 2 ** 30,
      storedBytes: 2 ** 28,
      packs: 30,
      uploadedBytes: 2 ** 20,
      reusedBytes: 2 ** 29,
    },
    ...change,
  };
}

function anObject(name: string, status: JtelBackupStatus | undefined): JtelBackup {
  const metadata = {
    name,
    namespace: 'acme',
    uid: name,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-02-28T02:00:00Z',
  };
  const object = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackup',
    metadata,
    spec: { stackRef: { name: 'main' }, trigger: 'Manual', verify: 'Checksum' },
  } as const;
  return status === undefined ? object : { ...object, status };
}

const stored = { backupID, manifest: aManifest() };

describe('a list of backups', () => {
  it('has what the store has, also where the cluster knows nothing of it', () => {
    const [line] = backupLines({ stored: [stored], known: [backupID], objects: [] });
    expect(line).toMatchObject({ backupID, state: 'Stored', version: '3.43.2', totalBytes: 2 ** 30 });
    expect(line).not.toHaveProperty('object');
  });

  it('joins a stored backup with its object', () => {
    const object = anObject('main-1', {
      phase: 'Completed',
      backupID,
      verification: { state: 'Passed' },
      immutability: { state: 'Verified', untilTime: '2026-08-28T02:00:00Z' },
    });
    const lines = backupLines({ stored: [stored], known: [backupID], objects: [object] });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      object: 'main-1',
      verification: 'Passed',
      immutableUntilTime: '2026-08-28T02:00:00Z',
    });
  });

  it('says aloud when the cluster believes in a backup that the store does not have', () => {
    const lines = backupLines({
      stored: [],
      known: [],
      objects: [anObject('main-1', { phase: 'Completed', backupID })],
    });
    expect(lines[0]).toMatchObject({
      state: 'Missing',
      message: expect.stringContaining('The store has no manifest'),
    });
  });

  it('does not call a backup missing only because its manifest was not read', () => {
    expect(
      backupLines({
        stored: [],
        known: [backupID],
        objects: [anObject('main-1', { phase: 'Completed', backupID })],
      }),
    ).toEqual([]);
  });

  it('shows what is under way and what failed, with why', () => {
    const running = anObject('main-now', {
      phase: 'Running',
      startTime: '2026-03-01T02:59:00Z',
      progress: '45%',
    });
    const failed = anObject('main-old', {
      phase: 'Failed',
      startTime: '2026-02-01T00:00:00Z',
      progress: '10%',
      message: 'the host was lost',
    });
    const shown = backupsView(
      backupLines({ stored: [stored], known: [backupID], objects: [failed, running] }),
      pipe,
    );
    expect(shown[1]).toMatch(/^main-now +1m +Running 45%/);
    expect(shown[2]).toMatch(
      /^20260228t020000z-3f9a1c +1d1h +Stored +3\.43\.2 +1\.0 GiB +1\.0 MiB +Scheduled/,
    );
    expect(shown[3]).toMatch(/^main-old +28d +Failed .*the host was lost/);
  });

  it.each([
    ['Stored', { is: 'Signed', keyID: 'k-1' }, []],
    ['Untrusted', { is: 'UnknownKey', keyID: 'k-1' }, []],
    ['Revoked', { is: 'UnknownKey', keyID: 'k-1' }, ['k-1']],
    ['Unsigned', { is: 'Unsigned' }, []],
    ['Unusable', { is: 'Wrong' }, []],
  ] as const)('says %s, and which key signed it', (state, seal, revokedKeyIDs) => {
    const lines = backupLines({
      stored: [{ ...stored, seal }],
      known: [backupID],
      objects: [],
      revokedKeyIDs,
    });
    expect(lines[0]?.state).toBe(state);
    expect(lines[0]?.signingKeyID).toBe('keyID' in seal ? 'k-1' : undefined);
    const shown = backupsView(lines, pipe);
    expect(shown[0]?.includes('SIGNED WITH')).toBe('keyID' in seal);
    expect(shown[1]?.includes('k-1')).toBe('keyID' in seal);
  });

  it('shows one whose manifest cannot be used among the others', () => {
    const shown = backupsView(
      backupLines({
        stored: [{ backupID, problem: 'the manifest is not JSON' }],
        known: [backupID],
        objects: [],
      }),
      pipe,
    );
    expect(shown[1]).toMatch(/Unusable.*the manifest is not JSON/);
  });

  it('fits 80 columns', () => {
    const failed = anObject('main-2026-02-28', { phase: 'Failed', message: 'x '.repeat(100) });
    expect(
      widthOf(backupsView(backupLines({ stored: [stored], known: [backupID], objects: [failed] }), terminal)),
    ).toBeLessThanOrEqual(80);
  });
});

it('one backup is shown with what is in it and who wrote it', () => {
  const shown = backupView(
    {
      manifest: aManifest({ parent: '20260101t020000z-000001' }),
      digest: 'd'.repeat(64),
      seal: { is: 'Unsigned' },
    },
    pipe,
  ).join('\n');
  expect(shown).toMatch(/database +Physical +1\.0 GiB +120 +88 +12345/);
  expect(shown).toContain('acme/main of cluster cluster-1 on machine machine-1');
  expect(shown).toContain('20260101t020000z-000001');
  expect(shown).toContain('files: Recordings/**');
  expect(shown).toContain('none in this cluster');
  expect(shown).toMatch(/Signature +not signed/);
});
