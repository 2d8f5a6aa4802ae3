/**
 * A database and a store for the tests of backup jobs, and what both kinds of backup are compared with.
 * Physical and logical backups are tested in files of their own, which need the same data, the same job and
 * the same second server.
 */
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { loadStep } from '../../../backup-format/logical.ts';
import type { BackupJobInput, BackupJobResult } from '../../../jobs/backup.ts';
import { toolboxImage } from '../../../images/images.ts';
import { BlobDouble } from '../../support/backup/blob-double.ts';
import { databaseImage, DatabaseStage } from '../../support/backup/database-stage.ts';
import type { JobOutcome, JobRun } from '../../support/backup/database-stage.ts';
import { backupID, identity } from '../../support/backup/job-builder.ts';
import type { ReadFile } from '../../support/backup/read-back.ts';
import { waitFor } from '../../support/wait.ts';
import { checkedResult } from '../../support/backup/job-result.ts';

/** The stage of the file that called {@link onStage}. */
export let stage: DatabaseStage;
/** The store; each test has a new one. */
export let double: BlobDouble;
const runs: JobRun[] = [];
export const rows = 60_000;

/** Gives the tests of a file a stage. Files that run at the same time need different names. */
export function onStage(name: string): void {
  beforeAll(async () => {
    stage = await DatabaseStage.open(name);
    await stage.sql(`CREATE DATABASE jtel; CREATE DATABASE jtelstats; USE jtel;
    CREATE SEQUENCE numbers;
    CREATE TABLE calls (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(200), data VARBINARY(100));
    INSERT INTO calls (note, data) SELECT CONCAT('call ', MD5(seq), '\n--\n-- Table structure for table \`x\`\n'), UNHEX(SHA2(seq, 256)) FROM seq_1_to_${rows};
    CREATE TABLE \`odd/\`\`name %\` (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES calls (id)) COMMENT 'a
--
-- Table structure for table \`x\`
';
    INSERT INTO \`odd/\`\`name %\` VALUES (1, 1), (2, NULL);
    CREATE VIEW recent AS SELECT id, note FROM calls WHERE id > 100;
    CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
    CREATE TRIGGER stamp BEFORE INSERT ON \`odd/\`\`name %\` FOR EACH ROW SET NEW.parent = NEW.parent;
    CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM calls WHERE id < 0;
    CREATE TABLE jtelstats.days (day DATE PRIMARY KEY, n INT) ENGINE=Aria; INSERT INTO jtelstats.days VALUES ('2026-01-01', 5)`);
    await stage.inTree(
      'mkdir -p announcements recordings && echo hello > announcements/welcome.wav && echo no > recordings/a.wav',
    );
  });
  afterAll(async () => {
    await stage?.close();
  });
  beforeEach(async () => {
    double = await BlobDouble.start(stage.gateway);
  });
  afterEach(async () => {
    for (const one of runs.splice(0)) await stage.remove(one);
    await double.stop();
  });
}

export function input(kind: 'Physical' | 'Logical', more: Partial<BackupJobInput> = {}): BackupJobInput {
  return {
    type: 'backup',
    backupID,
    attempt: 1,
    identity,
    epoch: '20261123',
    upload: {
      kind: 'SignedURL',
      containerUrl: double.containerUrl,
      query: 'sp=c&sig=canary-create',
      prefix: '',
      expiresTime: '2099-01-01T00:00:00Z',
    },
    known: [],
    database: stage.databaseInput(kind),
    fileTrees: [{ name: 'files', path: '/data/files', excludes: ['recordings/**'] }],
    limits: {},
    ...more,
  };
}

export async function start(
  given: BackupJobInput,
  options: Parameters<DatabaseStage['start']>[1] = {},
): Promise<JobRun> {
  const started = await stage.start(given, options);
  runs.push(started);
  return started;
}

export async function run(
  given: BackupJobInput,
  options: Parameters<DatabaseStage['start']>[1] = {},
): Promise<JobOutcome> {
  return await stage.finish(await start(given, options));
}

export const resultOf = (outcome: JobOutcome): BackupJobResult => {
  expect(outcome.error).toBeUndefined();
  return checkedResult('backup', outcome.result);
};

export const checksums = `CHECKSUM TABLE jtel.calls, jtel.\`odd/\`\`name %\`, jtelstats.days; SELECT COUNT(*) FROM jtel.recent; SELECT jtel.one();
  SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'jtel'; SELECT event_name FROM information_schema.events`;

/** A second server over these files or statements, and its answers to the same questions. */
export async function answersOf(
  files: ReadonlyMap<string, ReadFile>,
  kind: 'Physical' | 'Logical',
): Promise<string> {
  const volume = `${stage.name}-restored`;
  const server = `${stage.name}-restored`;
  await stage.docker.run(['volume', 'create', volume]);
  try {
    if (kind === 'Physical') {
      await putIntoVolume(volume, files);
      await stage.docker.run([
        'run',
        '--rm',
        '--user',
        '0',
        '-v',
        `${volume}:/var/lib/mysql`,
        '--entrypoint',
        'sh',
        databaseImage,
        '-c',
        'mariadb-backup --prepare --target-dir=/var/lib/mysql/data && chown -R mysql:mysql /var/lib/mysql/data',
      ]);
    }
    const mounts = JSON.parse(
      await stage.docker.run(['inspect', '--format', '{{json .Mounts}}', stage.database]),
    ) as { Source: string; Destination: string }[];
    const secrets = mounts.find(({ Destination }) => Destination === '/run/secrets')?.Source ?? '';
    await stage.docker.run([
      'run',
      '-d',
      '--name',
      server,
      '--network',
      stage.name,
      '-v',
      `${volume}:/var/lib/mysql`,
      '-v',
      `${secrets}:/run/secrets:ro`,
      databaseImage,
    ]);
    await waitFor(
      'the restored database',
      async () => (await stage.docker.tryRun(['exec', server, 'healthy'])).code === 0,
      { timeoutSeconds: 180 },
    );
    const ordered = [...files].toSorted(
      ([a], [b]) =>
        (loadStep(decodeURIComponent(a))?.step ?? -1) - (loadStep(decodeURIComponent(b))?.step ?? -1),
    );
    for (const [path, { content }] of kind === 'Logical' ? ordered : []) {
      expect({ path, step: loadStep(decodeURIComponent(path))?.step }).toEqual({
        path,
        step: expect.any(Number) as unknown,
      });
      // As the page on the format says: values are bytes.
      const client = [
        'mariadb',
        '--defaults-file=/dev/shm/jtel/client.cnf',
        '--sandbox',
        '--binary-mode',
        '--comments',
      ];
      await stage.docker.exec(server, client, { input: content });
    }
    return await stage.sql(checksums, server);
  } finally {
    await stage.docker.remove(server);
    await stage.docker.tryRun(['volume', 'rm', '-f', volume]);
  }
}

async function putIntoVolume(volume: string, files: ReadonlyMap<string, ReadFile>): Promise<void> {
  const tar = pack();
  const written = (async () => {
    for (const [path, { content }] of files) {
      await new Promise<void>((resolve, reject) =>
        tar.entry({ name: `data/${decodeURIComponent(path)}`, mode: 0o660 }, content, (error) =>
          error ? reject(error) : resolve(),
        ),
      );
    }
    tar.finalize();
  })();
  const bytes = await buffer(tar);
  await written;
  await stage.docker.run(
    [
      'run',
      '--rm',
      '-i',
      '-v',
      `${volume}:/volume`,
      '--entrypoint',
      'tar',
      toolboxImage,
      '-xf',
      '-',
      '-C',
      '/volume',
    ],
    { input: bytes },
  );
}
