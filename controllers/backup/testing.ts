/** Builders for the tests of this folder: a backup of a healthy stack, and a job that stores what a real one would. */

import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { BackupJobInput, BackupJobResult, WrittenBlob } from '../../jobs/backup.ts';
import { indexPartName, packListName, paths } from '../../backup-format/names.ts';
import { packListLines } from '../../backup-format/pack-list.ts';
import type { MemoryBlobStore } from '../../blob-store/memory.ts';
import { backupFinalizer, type JtelBackup, type JtelBackupStatus, type JtelStack } from '../../crds/index.ts';
import type { HostObservation, JobReport, ObservedJob } from '../../host-driver/host.ts';
import { defaultLimits } from './desired/limits.ts';
import type { Observed } from './observe/observed.ts';
import type { PlanInput } from './plan/actions.ts';
import { optional } from '../../base/optional.ts';
import { nightly } from '../times/testing.ts';

const now = new Date('2026-03-01T03:00:00Z');
const backupID = '20260301t020000z-00000a';

export function aBackup(
  status?: JtelBackupStatus,
  changes: Partial<JtelBackup['spec']> = {},
  metadata: Partial<JtelBackup['metadata']> = {},
): JtelBackup {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackup',
    metadata: {
      namespace: 'acme',
      name: 'main-now',
      uid: 'backup-uid',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2026-03-01T02:00:00Z',
      ...(status === undefined ? {} : { finalizers: [backupFinalizer] }),
      ...metadata,
    },
    spec: { stackRef: { name: 'main' }, trigger: 'Manual', verify: 'Checksum', ...changes },
    ...optional({ status }),
  };
}

/** A backup right after it began. */
export function aRunningBackup(
  status: JtelBackupStatus = {},
  changes: Partial<JtelBackup['spec']> = {},
): JtelBackup {
  const began: JtelBackupStatus = {
    phase: 'Running',
    backupID,
    epoch: '20260301',
    attempt: 1,
    startTime: '2026-03-01T02:00:00Z',
  };
  return aBackup(
    {
      ...began,
      operation: { id: 'backup-uid-1', type: 'Backup', step: 'Starting', startTime: '2026-03-01T02:00:00Z' },
      ...status,
    },
    changes,
  );
}

export function aStack(
  changes: Partial<JtelStack['spec']> = {},
  status?: JtelStack['status'],
  metadata: Partial<JtelStack['metadata']> = {},
): JtelStack {
  const spec = {
    version: '3.43.2',
    releaseStoreRef: { name: 'vendor' },
    size: 'Small',
    network: { fqdn: 'acme.jtel.example' },
    host: {
      address: '192.0.2.10',
      port: 22,
      user: 'jtel',
      sshSecretRef: { name: 'ssh' },
      hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
      bootstrap: 'Managed',
    },
    backup: nightly,
    suspend: false,
    managementMode: 'Manage',
    ...changes,
  };
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: {
      namespace: 'acme',
      name: 'main',
      uid: 'stack-uid',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: spec as JtelStack['spec'],
    ...optional({ status }),
  };
}

export function aHost(changes: Partial<HostObservation> = {}): HostObservation {
  const observed = {
    facts: { machineID: 'machine-1', clockSkewSeconds: 0, dockerVersion: '26' },
    state: {
      formatVersion: 1,
      owner: { clusterID: 'cluster-1', namespace: 'acme', name: 'main', uid: 'stack-uid' },
      epoch: 3,
      machineID: 'machine-1',
      applied: { digest: 'd', version: '3.43.2', time: '', composeVersion: '2', services: [] },
      data: { source: 'vanilla 3.43.2', time: '2026-03-01T01:00:00Z' },
    },
    containers: [{ service: 'acd-dbm', state: 'running', health: 'healthy' }],
    jobs: [],
    releases: [],
    volumes: [],
    ...changes,
  };
  return observed as object as HostObservation;
}

/** A host that does not answer. */
export const away = { ok: false, reason: 'HostUnreachable', message: 'the host does not answer.' } as const;

/** A store that can give a job no right to write. */
export const unsigned = {
  ok: true,
  value: { name: 'backups', policy: 'Required', retentionDays: 180, cannotSign: 'Give the account key.' },
} as const;

export function observing(changes: Partial<Observed> = {}): Observed {
  return {
    stack: aStack(),
    ahead: [],
    store: { ok: true, value: { name: 'backups', policy: 'Required', retentionDays: 180 } },
    release: { ok: true, value: { version: '3.43.2', databaseService: 'acd-dbm', canPhysical: true } },
    host: { ok: true, value: aHost() },
    history: { ok: true, value: {} },
    ...changes,
  };
}

export function aJob(
  state: ObservedJob['state'],
  changes: Partial<JobReport> = {},
  job: Partial<ObservedJob> = {},
): JobReport {
  return {
    job: { name: 'jtel-job-backup-uid-1', uid: 'backup-uid-1', type: 'backup', state, ...job },
    ...changes,
  };
}

export function planInput(changes: Partial<PlanInput> = {}): PlanInput {
  return {
    backup: aBackup(),
    observed: observing(),
    identity: { clusterID: 'cluster-1', heldEpoch: 3 },
    limits: defaultLimits,
    now,
    ...changes,
  };
}

/** What a job would do to the store: one pack, one index part, the list of packs; its result. The same again adds nothing. */
export function storeLikeAJob(
  blobs: MemoryBlobStore,
  input: BackupJobInput,
  data = `data of ${input.epoch}`,
): BackupJobResult {
  const put = (name: string, content: Buffer): void => {
    if (!blobs.blobs.has(name))
      blobs.blobs.set(name, {
        content,
        contentType: 'application/octet-stream',
        createdTime: new Date().toISOString(),
      });
  };
  const pack = Buffer.from(data);
  put(paths.pack(input.identity, input.epoch, sha256(pack)), pack);
  const written = (name: string, content: Buffer): WrittenBlob => {
    put(paths.part(input.identity, input.backupID, name), content);
    return { name, bytes: content.length, sha256: sha256(content), md5: md5(content) };
  };
  const lines = [
    ...packListLines(input.backupID, [
      { type: 'P', number: 1, epoch: input.epoch, sha256: sha256(pack), bytes: pack.length, md5: md5(pack) },
    ]),
  ];
  const digest = sha256(Buffer.from(data));
  return {
    backupID: input.backupID,
    attempt: input.attempt,
    indexParts: [written(indexPartName(input.attempt, 1), Buffer.from(`index of try ${input.attempt}`))],
    packList: written(packListName(input.attempt), zstdCompressSync(Buffer.from(lines.join('')))),
    packs: 1,
    dataSets: [
      { name: 'database', kind: input.database?.kind ?? 'Logical', files: 3, bytes: 900, digest, tables: 2 },
      ...input.fileTrees.map(({ name }) => ({
        name,
        kind: 'FileTree' as const,
        files: 1,
        bytes: 100,
        digest,
      })),
    ],
    totalBytes: 900 + 100 * input.fileTrees.length,
    uploadedBytes: pack.length,
    storedBytes: pack.length,
    reusedBytes: 0,
    server: { version: '11.4.2-MariaDB' },
  };
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('base64');
}

/** For tests of what others make of a status. */
export { summarise as summariseBackup } from './report/status.ts';
export type { Plan as BackupPlan } from './plan/actions.ts';
