/**
 * The toolbox's physical backups of a real MariaDB, restored here by other means and compared; and how little
 * of a right to the store a job needs.
 */
import { describe, expect, test } from 'vitest';
import {
  ContainerClient,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
  ContainerSASPermissions,
} from '@azure/storage-blob';
import { toolboxImage } from '../../../images/images.ts';
import { startAzurite } from '../../support/azurite.ts';
import { backupID, identity, partsInStore, TestTree } from '../../support/backup/job-builder.ts';
import { readBack } from '../../support/backup/read-back.ts';
import { backup } from '../../../toolbox/backup/backup.ts';
import { waitFor } from '../../support/wait.ts';
import {
  answersOf,
  checksums,
  double,
  input,
  onStage,
  resultOf,
  run,
  stage,
  start,
} from './backup-fixture.ts';

onStage('physical-backup-test');

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
    // Three tables and a sequence. The view holds no rows.
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
    // The store takes nothing more once it has a part of the index, so the job cannot end by itself.
    double.fault = () => (partsInStore(double).length > 0 ? { kind: 'hang' } : undefined);
    const job = await start(input('Physical', { limits: { bytesPerSecond: 5_000_000 } }));
    // A pack alone is not enough: only chunks that an index names are used again.
    await waitFor('a part of the index in the store', () => Promise.resolve(partsInStore(double).length > 0));
    await stage.docker.run(['stop', '--time', '60', job.name], { timeoutSeconds: 90 });
    const outcome = await stage.finish(job);
    // It ended by itself; one that is killed says nothing.
    expect(outcome.error?.reason).toBe('Cancelled');
    double.fault = () => undefined;
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
      kind: 'SignedURL' as const,
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
