import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BackupJobInput } from '../../../jobs/backup.ts';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { paths } from '../../../backup-format/names.ts';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { jobContainers } from '../../../host-driver/docker/job-containers.ts';
import { aRelease } from '../../../test/support/release-builder.ts';
import { backupJob, knownParts, type BackupJobOptions, type KnownOptions } from './job.ts';

const { signal } = new AbortController();
const backupID = '20260301t020000z-00000a';
const previous = '20260228t020000z-000009';
const plain = aRelease();
const physical = aRelease({
  database: {
    ...plain.database,
    physical: { volume: 'database', dataDirectory: '/var/lib/mysql/data', uid: 999, gid: 999 },
  },
});

function aJob(changes: Partial<BackupJobOptions> = {}) {
  const grant = {
    kind: 'SignedURL' as const,
    containerUrl: 'https://acme.blob.example/backups',
    query: 'sp=c&sig=secret',
    prefix: 'jtel/',
    expiresTime: '2026-03-01T14:00:00Z',
  };
  const toolbox = {
    repository: 'registry.example/jtel/toolbox',
    digest: `sha256:${'7'.repeat(64)}`,
    tag: 'x',
  };
  return backupJob({
    uid: 'u-1',
    attempt: 1,
    backupID,
    identity: 'acme.main',
    epoch: '20260301',
    volumes: undefined,
    project: 'jtel-acme-main',
    release: physical,
    method: 'Physical',
    toolbox,
    rootPassword: 'pass"word',
    databaseFiles: [],
    grant,
    known: [],
    encryption: undefined,
    bandwidthLimitMiBPerSecond: undefined,
    ...changes,
  });
}

describe('the job on the host', () => {
  test('reads the files of the database with its own tool, and can change neither these nor the trees', () => {
    const job = aJob();
    const [producer] = job.companions ?? [];
    expect(producer).toMatchObject({
      image: { repository: 'registry.jtel.example/jtel/acd-dbm' },
      volumes: [{ volume: 'jtel-acme-main_database', target: '/var/lib/mysql', readOnly: true }],
    });
    expect(job.volumes).toEqual([{ volume: 'jtel-acme-main_files', target: '/data/files', readOnly: true }]);
    expect(job.input).toMatchObject({
      database: { kind: 'Physical', host: 'acd-dbm' },
      fileTrees: [{ name: 'files', excludes: ['recordings/**'] }],
      limits: {},
    });
    // As the driver would make it: no value that it refuses.
    expect(jobContainers('jtel-acme-main', job, true).map(({ role }) => role)).toEqual(['producer', 'main']);
  });

  test('has passwords and signatures only in files that are put in', () => {
    const job = aJob({ encryption: { keyID: '2026', key: 'the-key' } });
    const shown = JSON.stringify(jobContainers('jtel-acme-main', job, true).map(({ options }) => options));
    for (const secret of ['pass', 'sig=secret', 'the-key']) expect(shown).not.toContain(secret);
  });

  test('exports rows by the Logical method', () => {
    const job = aJob({ release: plain, method: 'Logical', bandwidthLimitMiBPerSecond: 50 });
    expect(job.companions).toBeUndefined();
    expect(job.exchange).toBeUndefined();
    expect(job.input).toMatchObject({
      database: { kind: 'Logical' },
      limits: { bytesPerSecond: 50 * 2 ** 20 },
    } satisfies Partial<Record<keyof BackupJobInput, unknown>>);
  });
});

describe('what need not be stored again', () => {
  const newest = (changes: object = {}): Manifest =>
    ({
      backupID: previous,
      epoch: '20260301',
      indexParts: [{ name: 'index-1-1.zst', bytes: 5, sha256: 'a'.repeat(64) }],
      ...changes,
    }) as object as Manifest;
  const known = async (changes: Partial<KnownOptions> = {}, ...parts: readonly string[]) => {
    const store = new MemoryBlobStore('memory://s');
    for (const name of parts)
      await store.create(paths.part('acme.main', backupID, name), Buffer.from(name), 'x', signal);
    const options = {
      store,
      identity: 'acme.main',
      backupID,
      attempt: 1,
      epoch: '20260301',
      keyID: undefined,
      newest: newest(),
      lifetimeSeconds: 60,
      ...changes,
    };
    return (await knownParts(options, signal)).map(({ url, sha256, md5 }) => ({
      name: url.replace(/^.*\/backups\//, '').replace(/\?.*$/, ''),
      sha256,
      md5,
    }));
  };

  test('is what the newest backup of the same epoch and key has', async () => {
    expect(await known()).toEqual([
      { name: `${previous}/index-1-1.zst`, sha256: 'a'.repeat(64), md5: undefined },
    ]);
    expect(await known({ newest: undefined })).toEqual([]);
    expect(await known({ newest: newest({ epoch: '20260201' }) })).toEqual([]);
    expect(await known({ keyID: '2026' })).toEqual([]);
    expect(
      await known({
        keyID: '2026',
        newest: newest({ encryption: { method: 'AES-256-GCM', keyID: '2026' } }),
      }),
    ).toHaveLength(1);
    expect(await known({ newest: newest({ encryption: { method: 'AES-256-GCM', keyID: '2025' } }) })).toEqual(
      [],
    );
  });

  test('is what earlier tries of this backup wrote, up to the first gap of each', async () => {
    const parts = [
      'index-1-1.zst',
      'index-1-2.zst',
      'index-1-4.zst',
      'index-2-2.zst',
      'index-3-1.zst',
      'index-4-1.zst',
      'packs-1.zst',
    ];
    const found = await known({ attempt: 4, newest: undefined }, ...parts);
    expect(found.map(({ name }) => name)).toEqual(
      ['index-1-1.zst', 'index-1-2.zst', 'index-3-1.zst'].map((name) => `${backupID}/${name}`),
    );
    expect(found[0]?.md5).toBe(createHash('md5').update('index-1-1.zst').digest('base64'));
    expect(await known({ attempt: 1, newest: undefined }, ...parts)).toEqual([]);
  });
});
