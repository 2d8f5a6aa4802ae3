/**
 * Databases that are not as the sandbox's usual one: their series, their TLS, their keys, and how much is
 * written to them.
 */
import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { atOwnPlaces } from '../../../../jobs/companion.ts';
import type { BackupDatabase, BackupJobInput, BackupJobResult } from '../../../../jobs/backup.ts';
import { keysOf } from '../../../../controllers/loading/database-keys.ts';
import { restoreObstacle } from '../../../../controllers/loading/restore-job.ts';
import { selfSignedCertificate } from '../../../../controllers/inputs/self-signed.ts';
import { olderDatabaseImage } from '../../../../sandbox/stand-ins/images.ts';
import { BlobDouble } from '../../../support/backup/blob-double.ts';
import { databaseImage, DatabaseStage } from '../../../support/backup/database-stage.ts';
import type {
  JobOutcome,
  RestoreOptions,
  StageOptions,
  StartOptions,
} from '../../../support/backup/database-stage.ts';
import { backupID, identity } from '../../../support/backup/job-builder.ts';
import { backupToRead, restoreInput } from '../../../support/backup/restore-builder.ts';
import { aRelease } from '../../../support/release-builder.ts';
import type { WorldCase } from '../scene.ts';

const keysPath = '/dev/shm/jtel/database-keys';
const limitSeconds = 300;

interface Opened {
  readonly stage: DatabaseStage;
  readonly double: BlobDouble;
}

async function withDatabase(options: StageOptions, work: (opened: Opened) => Promise<void>): Promise<void> {
  const stage = await DatabaseStage.open('jtel-sandbox-world-database', options);
  try {
    const double = await BlobDouble.start(stage.gateway);
    try {
      await stage.sql(`CREATE DATABASE jtel; CREATE TABLE jtel.calls (id INT PRIMARY KEY, note VARCHAR(200));
        INSERT INTO jtel.calls SELECT seq, MD5(seq) FROM jtel.seq_1_to_5000`);
      await work({ stage, double });
    } finally {
      await double.stop();
    }
  } finally {
    await stage.close();
  }
}

interface BackupChanges extends StartOptions {
  readonly database?: Partial<BackupDatabase>;
  readonly limits?: BackupJobInput['limits'];
}

async function backUp(
  { stage, double }: Opened,
  kind: BackupDatabase['kind'],
  changes: BackupChanges = {},
): Promise<JobOutcome> {
  const { database, limits = {}, ...options } = changes;
  const started = await stage.start(
    {
      type: 'backup',
      backupID,
      attempt: 1,
      identity,
      epoch: '20261123',
      known: [],
      fileTrees: [],
      limits,
      upload: {
        kind: 'SignedURL',
        containerUrl: double.containerUrl,
        query: 'sp=c&sig=canary-create',
        prefix: '',
        expiresTime: '2099-01-01T00:00:00Z',
      },
      database: { ...stage.databaseInput(kind), schemas: ['jtel'], ...database },
    },
    options,
  );
  try {
    return await stage.finish(started);
  } finally {
    await stage.remove(started);
  }
}

function resultOf(outcome: JobOutcome): BackupJobResult {
  assert.equal(outcome.error, undefined);
  return outcome.result as unknown as BackupJobResult;
}

/** Restores, starts another server over the result, and compares it with the first one. */
async function comesBack(
  { stage, double }: Opened,
  result: BackupJobResult,
  options: RestoreOptions & { readonly image?: string; readonly keyPaths?: readonly string[] } = {},
): Promise<void> {
  const volume = `${stage.name}-restored`;
  const database = {
    kind: 'Physical' as const,
    volumePath: '/database',
    dataDirectory: 'data',
    exchange: '/run/exchange',
    uid: 999,
    gid: 999,
    keyPaths: options.keyPaths ?? [],
  };
  const restored = await stage.restore(
    restoreInput(backupToRead(double, result), '', { fileTrees: [], database }),
    volume,
    options,
  );
  assert.equal(restored.error, undefined);
  const server = await stage.serve(volume, options.image ?? stage.image);
  const question = 'CHECK TABLE jtel.calls EXTENDED; CHECKSUM TABLE jtel.calls';
  assert.equal(await stage.sql(question, server), await stage.sql(question));
}

async function ownCertificate(): Promise<{ readonly pem: string; readonly certificate: string }> {
  const pem = await selfSignedCertificate('acd-dbm');
  return {
    pem,
    certificate: new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))).toString(),
  };
}

/** As in the stand-in's jtel.cnf. */
const redoLogBytes = 16 * 2 ** 20;
/** Rows of one kilobyte each, which no compression makes smaller. */
const bulkRows = 80_000;
const bytesPerSecond = 1024 * 1024;

async function redoBytes(stage: DatabaseStage): Promise<number> {
  const [, bytes = ''] = (await stage.sql("SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'")).split('\t');
  return Number(bytes);
}

export const cases: readonly WorldCase[] = [
  {
    id: 'W11',
    title: 'a server with TLS switched off is backed up both ways, unless the release wants TLS',
    needs: 'sandbox',
    limitSeconds,
    run: async () => {
      await withDatabase({ environment: { JTEL_DATABASE_TLS: 'off' } }, async (opened) => {
        await comesBack(opened, resultOf(await backUp(opened, 'Physical')));
        opened.double.blobs.clear();
        resultOf(await backUp(opened, 'Logical'));
        const insisting = await backUp(opened, 'Logical', { database: { tls: {} } });
        assert.equal(insisting.error?.reason, 'DatabaseInsecure');
        assert.match(insisting.error.message, /the release wants TLS/);
        const tool = await backUp(opened, 'Physical', { tls: { tls: {} } });
        assert.equal(tool.error?.reason, 'ProducerFailed');
        assert.match(tool.error.message, /SSL is required, but the server does not support it/);
      });
    },
  },
  {
    id: 'W11',
    title:
      'an older server with a certificate of its own: encrypted, checked when the release names the authority',
    needs: 'sandbox',
    form: 'long',
    limitSeconds,
    run: async () => {
      const { pem, certificate } = await ownCertificate();
      const { certificate: another } = await ownCertificate();
      await withDatabase({ series: '10.11', secrets: { 'database-tls': pem } }, async (opened) => {
        resultOf(await backUp(opened, 'Logical'));
        opened.double.blobs.clear();
        resultOf(
          await backUp(opened, 'Logical', { database: { tls: { certificateAuthority: certificate } } }),
        );
        opened.double.blobs.clear();
        const refused = await backUp(opened, 'Logical', {
          database: { tls: { certificateAuthority: another } },
        });
        assert.equal(refused.error?.reason, 'DatabaseInsecure');
        const authority = { path: '/etc/mysql/ca.pem', content: certificate, mode: 0o644 };
        const checked = {
          companionFiles: atOwnPlaces([authority]),
          tls: { tls: { certificateAuthority: authority.path } },
        };
        resultOf(
          await backUp(opened, 'Physical', {
            ...checked,
            database: { tls: { certificateAuthority: certificate } },
          }),
        );
      });
    },
  },
  {
    id: 'W12',
    title: 'files of MariaDB 10.11 are prepared by the image that made them, and start under 11.8',
    needs: 'sandbox',
    limitSeconds,
    run: async () => {
      await withDatabase({ series: '10.11' }, async (opened) => {
        await comesBack(opened, resultOf(await backUp(opened, 'Physical')), {
          preparing: olderDatabaseImage,
          image: databaseImage,
        });
      });
    },
  },
  {
    id: 'W12',
    title: 'files of a newer series are refused before anything stops',
    needs: 'nothing',
    run: async () => {
      const plain = aRelease();
      const physical = { volume: 'database', dataDirectory: '/var/lib/mysql/data', uid: 999, gid: 999 };
      const release = aRelease({ database: { ...plain.database, series: '10.11', physical } });
      const manifest = {
        dataSets: [
          { name: 'database', kind: 'Physical' as const, files: 1, bytes: 1, digest: '0'.repeat(64) },
        ],
        server: { version: '11.8.9-MariaDB', series: '11.8' },
      };
      assert.match(
        restoreObstacle(release, manifest) ?? '',
        /files of MariaDB 11\.8, which the older 10\.11 of release/,
      );
      assert.equal(
        restoreObstacle(aRelease({ database: { ...plain.database, series: '11.8', physical } }), manifest),
        undefined,
      );
    },
  },
  {
    id: 'W13',
    title: 'a backup at 1 MiB/s of a database that writes its log over and over',
    needs: 'sandbox',
    form: 'long',
    limitSeconds,
    run: async () => {
      await withDatabase({}, async (opened) => {
        const { stage } = opened;
        await stage.sql(`CREATE TABLE jtel.busy (id INT PRIMARY KEY, note VARCHAR(4000)) ENGINE=InnoDB;
          CREATE TABLE jtel.bulk (id INT PRIMARY KEY, note BLOB) ENGINE=InnoDB;
          INSERT INTO jtel.bulk SELECT seq, RANDOM_BYTES(1000) FROM jtel.seq_1_to_${bulkRows}`);
        const [before, begin] = [await redoBytes(stage), performance.now()];
        const writing = new AbortController();
        const writer = (async () => {
          while (!writing.signal.aborted)
            await stage.sql(
              `REPLACE INTO jtel.busy SELECT seq, REPEAT(MD5(RAND()), 60) FROM jtel.seq_1_to_100`,
            );
        })();
        try {
          resultOf(await backUp(opened, 'Physical', { limits: { bytesPerSecond } }));
          // Otherwise the log would not be overwritten within the time that the limit gives, and the case
          // would show nothing.
          const written = (await redoBytes(stage)) - before;
          const bytesPerMillisecond = written / (performance.now() - begin);
          const atTheLimitMilliseconds = (bulkRows * 1000 * 1000) / bytesPerSecond;
          assert.ok(bytesPerMillisecond * atTheLimitMilliseconds > redoLogBytes);
        } finally {
          writing.abort();
          await writer;
        }
      });
    },
  },
  {
    id: 'W23',
    title: 'a database that is encrypted at rest comes back, with keys that the release brings',
    needs: 'sandbox',
    form: 'long',
    limitSeconds,
    run: async () => {
      const keys = `1;${randomBytes(32).toString('hex')}\n`;
      await withDatabase({ secrets: { 'database-keys': keys } }, async (opened) => {
        const producerKeys = {
          companionFiles: atOwnPlaces([{ path: keysPath, content: keys, mode: 0o600 }]),
        };
        const without = await backUp(opened, 'Physical', { database: { keyPaths: [keysPath] } });
        assert.equal(without.error?.reason, 'DatabaseKeysMissing');
        assert.match(without.error.message, /lacked the keys of encryption at rest/);
        const notOfTheRelease = await backUp(opened, 'Physical', producerKeys);
        assert.equal(notOfTheRelease.error?.reason, 'DatabaseKeysMissing');
        assert.match(notOfTheRelease.error.message, /which the release does not bring/);
        opened.double.blobs.clear();
        const result = resultOf(
          await backUp(opened, 'Physical', {
            ...producerKeys,
            database: { keyPaths: [keysPath], keys: keysOf(keys) },
          }),
        );
        // Nobody would notice wrong keys before the first table is read.
        assert.deepEqual(result.server?.keys, keysOf(keys));
        const elsewhere = '/run/jtel/database-keys';
        await comesBack(opened, result, {
          keyPaths: [elsewhere],
          companionFiles: [{ path: elsewhere, content: keys, mode: 0o600 }],
        });
      });
    },
  },
];
