/** The toolbox's backup job against a real MariaDB: what it stores is restored here by other means, and is compared. */
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ContainerClient,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
  ContainerSASPermissions,
} from '@azure/storage-blob';
import { loadStep } from '../../../backup/logical.ts';
import type { BackupJobInput, BackupJobResult } from '../../../backup/job.ts';
import { toolboxImage } from '../../../images/build.ts';
import { startAzurite } from '../../support/azurite.ts';
import { BlobDouble } from '../../support/backup/blob-double.ts';
import { databaseImage, DatabaseStage } from '../../support/backup/database-stage.ts';
import type { JobOutcome, JobRun } from '../../support/backup/database-stage.ts';
import { backupID, identity, partsInStore } from '../../support/backup/job-builder.ts';
import { readBack } from '../../support/backup/read-back.ts';
import type { ReadFile } from '../../support/backup/read-back.ts';
import { backup } from '../../../images/toolbox/src/backup/backup.ts';
import { TestTree } from '../../support/backup/job-builder.ts';
import { waitFor } from '../../support/wait.ts';

let stage: DatabaseStage;
let double: BlobDouble;
const runs: JobRun[] = [];
const rows = 60_000;

beforeAll(async () => {
  stage = await DatabaseStage.open('backup-test');
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

function input(kind: 'Physical' | 'Logical', more: Partial<BackupJobInput> = {}): BackupJobInput {
  return {
    type: 'backup',
    backupID,
    attempt: 1,
    identity,
    epoch: '20261123',
    upload: {
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

async function start(
  given: BackupJobInput,
  options: Parameters<DatabaseStage['start']>[1] = {},
): Promise<JobRun> {
  const started = await stage.start(given, options);
  runs.push(started);
  return started;
}

async function run(
  given: BackupJobInput,
  options: Parameters<DatabaseStage['start']>[1] = {},
): Promise<JobOutcome> {
  return await stage.finish(await start(given, options));
}

const resultOf = (outcome: JobOutcome): BackupJobResult => {
  expect(outcome.error).toBeUndefined();
  return outcome.result as unknown as BackupJobResult;
};

const checksums = `CHECKSUM TABLE jtel.calls, jtel.\`odd/\`\`name %\`, jtelstats.days; SELECT COUNT(*) FROM jtel.recent; SELECT jtel.one();
  SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'jtel'; SELECT event_name FROM information_schema.events`;

/** A second server over these files or statements; what it says to the same questions. */
async function answersOf(
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
      // As the page on the format says it: values are bytes.
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

describe('a physical backup', () => {
  test('restores to the same data, with position, version and files', async () => {
    const before = await stage.sql(checksums);
    const result = resultOf(await run(input('Physical')));
    expect(result.server?.version).toContain('MariaDB');
    expect(result.position).toMatch(/^binlog\.\d+ \d+ \d+-\d+-\d+$/);
    expect(result.dataSets.map(({ name, kind }) => [name, kind])).toEqual([
      ['database', 'Physical'],
      ['files', 'FileTree'],
    ]);
    // Three tables and a sequence; the view holds no rows.
    expect(result.dataSets[0]?.tables).toBe(4);
    const files = readBack(double.blobs, identity, backupID, result, 'files');
    expect([...files.keys()].toSorted()).toEqual([
      '.',
      'announcements',
      'announcements/welcome.wav',
      'recordings',
    ]);
    expect(await answersOf(readBack(double.blobs, identity, backupID, result, 'database'), 'Physical')).toBe(
      before,
    );
  });

  test('stores little the next day, in bounded memory', async () => {
    resultOf(await run(input('Physical')));
    const known = partsInStore(double);
    await stage.sql("USE jtel; INSERT INTO calls (note) VALUES ('one more')");
    const second = resultOf(
      await run(input('Physical', { backupID: '20261124t120000z-00c0de', known }), { memory: '200m' }),
    );
    expect(second.uploadedBytes).toBeLessThan(second.storedBytes / 4);
    expect(second.reusedBytes).toBeGreaterThan(second.totalBytes / 2 - 30_000_000);
  });

  test('leaves no secret behind, in neither container', async () => {
    const job = await start(input('Physical'));
    const outcome = await stage.finish(job);
    expect(outcome.exitCode).toBe(0);
    const described = await stage.docker.run(['inspect', job.name, job.companion ?? '']);
    const password = JSON.stringify(stage.rootPassword).slice(1, -1);
    for (const text of [described, outcome.log, await stage.docker.run(['logs', job.companion ?? ''])]) {
      expect(text).not.toContain('canary');
      expect(text).not.toContain(password);
    }
    expect(await stage.docker.run(['diff', job.name])).not.toMatch(/spec\.json|client\.cnf|chunks-/);
    const inExchange = await stage.docker.run([
      'run',
      '--rm',
      '-v',
      `${job.exchange}:/x`,
      '--entrypoint',
      'sh',
      toolboxImage,
      '-c',
      'cat /x/log /x/exit-code',
    ]);
    expect(inExchange).not.toContain(stage.rootPassword);
  });
});

describe('a physical backup that is not whole', () => {
  const script = (commands: string): string =>
    `cd /run/exchange; mkfifo stream 2>/dev/null; : > started; exec 3> stream; ${commands}`;
  const tool =
    'mariadb-backup --defaults-file=/run/jtel/companion.cnf --backup --stream=xbstream --target-dir=/tmp 2> log 3>&-';
  test.each([
    [
      'whose stream is cut off',
      script(`${tool} | head -c 3000000 >&3; exec 3>&-; echo "completed OK!" > log; echo 0 > exit-code`),
      'ends',
    ],
    [
      'whose tool fails',
      script('exec 3>&-; echo "cannot connect" > log; echo 1 > exit-code'),
      'ended with code 1: cannot connect',
    ],
    [
      'whose tool does not say that it is complete',
      script(`${tool} >&3; exec 3>&-; echo hm > log; echo 0 > exit-code`),
      'did not say "completed OK!"',
    ],
    [
      'that is no backup at all',
      script(
        'echo "mariadb-backup: not found" >&3; exec 3>&-; echo "completed OK!" > log; echo 0 > exit-code',
      ),
      'does not begin as it should',
    ],
  ])('%s fails, and leaves no list of packs', async (_what, companionScript, message) => {
    const outcome = await run(input('Physical'), { companionScript });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.error?.reason).toBe('ProducerFailed');
    expect(outcome.error?.message).toContain(message);
    expect([...double.blobs.keys()].filter((path) => path.includes('/packs-'))).toEqual([]);
  });

  test('because the job was stopped leaves no half blob, and the tool ends too', async () => {
    const job = await start(input('Physical', { limits: { bytesPerSecond: 5_000_000 } }));
    // A pack alone is not enough: only what an index names is used again.
    await waitFor('a part of the index in the store', () => Promise.resolve(partsInStore(double).length > 0));
    const stopped = performance.now();
    await stage.docker.run(['stop', '--time', '20', job.name]);
    expect(performance.now() - stopped).toBeLessThan(15_000);
    const outcome = await stage.finish(job);
    expect(outcome.error?.reason).toBe('Cancelled');
    await waitFor(
      'the companion has ended',
      async () =>
        (await stage.docker.run(['inspect', '--format', '{{.State.Running}}', job.companion ?? ''])) ===
        'false',
    );
    const again = resultOf(await run(input('Physical', { attempt: 2, known: partsInStore(double) })));
    expect(again.reusedBytes).toBeGreaterThan(0);
    readBack(double.blobs, identity, backupID, again, 'database');
  });
});

describe('a logical backup', () => {
  test('restores to the same data: tables, sequences, views, routines, triggers, events', async () => {
    const before = await stage.sql(checksums);
    const result = resultOf(await run(input('Logical')));
    expect(result.dataSets[0]).toMatchObject({ name: 'database', kind: 'Logical', tables: 3 });
    expect(result.dataSets[0]?.rows).toBeGreaterThanOrEqual(rows + 3);
    const files = readBack(double.blobs, identity, backupID, result, 'database');
    expect([...files.keys()].map((path) => decodeURIComponent(path)).toSorted()).toEqual([
      '4-views.sql',
      '6-accounts.sql',
      'jtel/0-schema.sql',
      'jtel/1-sequences.sql',
      'jtel/2-tables/calls.sql',
      'jtel/2-tables/odd%2F`name %25.sql',
      'jtel/3-routines.sql',
      'jtel/5-triggers-and-events.sql',
      'jtelstats/0-schema.sql',
      'jtelstats/2-tables/days.sql',
      'jtelstats/3-routines.sql',
      'jtelstats/5-triggers-and-events.sql',
    ]);
    for (const [, { content }] of files)
      expect(content.toString('latin1').trimEnd().split('\n').at(-1)).toMatch(/^-- Dump completed/);
    expect(await answersOf(files, 'Logical')).toBe(before);
  });

  test('is of one moment, whatever is written meanwhile, and holds writers up for a moment only', async () => {
    await stage.sql(
      'USE jtel; CREATE TABLE debit (id INT PRIMARY KEY, v INT); CREATE TABLE jtelstats.credit (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; INSERT INTO debit VALUES (1, 0); INSERT INTO jtelstats.credit VALUES (1, 0)',
    );
    const writer = stage.docker.exec(stage.database, [
      'bash',
      '-c',
      `
      for i in $(seq 1 400); do echo "START TRANSACTION; UPDATE jtel.debit SET v = v - 1; UPDATE jtelstats.credit SET v = v + 1; COMMIT;"; done |
      mariadb --defaults-file=/dev/shm/jtel/client.cnf`,
    ]);
    const result = resultOf(await run(input('Logical')));
    await writer;
    const files = readBack(double.blobs, identity, backupID, result, 'database');
    const value = (path: string): number =>
      Number(/\(1\t,(-?\d+)\t\)/.exec(files.get(path)?.content.toString('utf8') ?? '')?.[1]);
    expect(value('jtel/2-tables/debit.sql') + value('jtelstats/2-tables/credit.sql')).toBe(0);
    await stage.sql('DROP TABLE jtel.debit; DROP TABLE jtelstats.credit');
  });
});

test('a SAS of Azurite that may only create is enough', async () => {
  await using azurite = await startAzurite();
  await azurite.location('backups');
  const credential = new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey);
  const expiresOn = new Date(Date.now() + 600_000);
  const query = generateBlobSASQueryParameters(
    { containerName: 'backups', permissions: ContainerSASPermissions.parse('c'), expiresOn },
    credential,
  ).toString();
  const tree = await TestTree.create();
  try {
    await tree.fill(3, 20);
    const upload = {
      containerUrl: `${azurite.endpoint}/backups`,
      query,
      prefix: 'some/prefix',
      expiresTime: expiresOn.toISOString(),
    };
    const given = input('Physical', {
      upload,
      fileTrees: [{ name: 'files', path: tree.path, excludes: [] }],
      scratch: `${tree.path}.scratch`,
    });
    const { database: _database, ...withoutDatabase } = given;
    const result = await backup(withoutDatabase, () => undefined, new AbortController().signal);
    const container = new ContainerClient(`${azurite.endpoint}/backups`, credential);
    const listed = new Map<string, Buffer>();
    for await (const { name, properties } of container.listBlobsFlat()) {
      const content = await container.getBlobClient(name).downloadToBuffer();
      listed.set(name.replace('some/prefix/', ''), content);
      expect(properties.contentLength).toBe(content.length);
    }
    const files = readBack(listed, identity, backupID, result, 'files');
    expect([...files.values()].filter(({ type }) => type === 'f')).toHaveLength(20);
  } finally {
    await tree.remove();
  }
});
