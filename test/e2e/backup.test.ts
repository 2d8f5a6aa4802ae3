/**
 * Backups of a real stack on a real host, to a blob store that enforces immutability: what is stored, what
 * the second one adds, and what becomes of one that is cancelled, whose operator dies, whose host is switched
 * off, or whose time runs out.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestName, paths } from '../../backup-format/names.ts';
import { azureBlobStore } from '../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { loadBackup, requireComplete } from '../../controllers/stores/backup-catalog.ts';
import { noConsent } from '../../controllers/stores/trust.ts';
import { catalogIn } from './catalog.ts';
import type { JtelBackup } from '../../crds/index.ts';
import type { BlobAccess } from '../../sandbox/index.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'backup';
const identity = `${namespace}.${stackName}`;
/** Slow enough that a test can meet it in the middle of its work. */
const slowly = { bandwidthLimitMiBPerSecond: 4 };
/** A machine that is busy with other tests must not cost the operator its Lease. */
const patient = ['--lease-duration-seconds', '90'];
let stage: Stage;
let blobs: BlobStore;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  blobs = blobsOf(await stage.applyBackupStore());
  await stage.startOperator(patient);
  await stage.apply({
    spec: {
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
      initialData: { source: 'Vanilla' },
    },
  });
  await stage.untilReady(600);
  await stage.inFiles(
    'mkdir -p recordings announcements && head -c 3000000 /dev/urandom > recordings/call.wav && echo welcome > announcements/hello.txt',
  );
});

afterAll(() => stage.close());

function blobsOf({ endpoint, container, account, key }: BlobAccess): BlobStore {
  return azureBlobStore(
    { endpoint, container, prefix: '' },
    { kind: 'AccountKey', accountName: account, accountKey: key },
  );
}

function call(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

function backup(name: string): Promise<JtelBackup> {
  return stage.backup(name);
}

async function ask(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await stage.kubectl.apply([
    {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelBackup',
      metadata: { name, namespace },
      spec: { stackRef: { name: stackName }, ...spec },
    },
  ]);
}

/** Containers of backup jobs on the host, running or not. */
async function jobs(): Promise<readonly string[]> {
  return (
    await stage.onHost([
      'docker',
      'ps',
      '-a',
      '--filter',
      'name=jtel-job-',
      '--format',
      '{{.Names}} {{.State}}',
    ])
  )
    .split('\n')
    .filter(Boolean);
}

/** So much that no backup holds yet that the next one cannot end before a test meets it: 10 s when `slowly`. */
async function newData(): Promise<void> {
  await stage.inFiles('head -c 40000000 /dev/urandom > announcements/new.bin');
}

/** Waits until its job reads data. */
async function untilReading(name: string): Promise<void> {
  await waitFor(
    `${name} to read data`,
    async () => ((await backup(name)).status?.operation?.progressPercent ?? 0) > 5,
    { timeoutSeconds: 120, intervalMilliseconds: 200 },
  );
}

async function manifests(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name } of blobs.list(paths.backups(identity), call()))
    if (name.endsWith(manifestName)) found.push(name);
  return found;
}

async function expectWhole(name: string): Promise<NonNullable<JtelBackup['status']>> {
  const { status } = await backup(name);
  expect(status).toMatchObject({
    phase: 'Completed',
    immutability: { state: 'Verified' },
    verification: { state: 'Passed' },
  });
  const loaded = await loadBackup(
    await catalogIn(stage, blobs),
    identity,
    status?.backupID ?? '',
    noConsent,
    call(),
  );
  expect(loaded.manifestDigest).toBe(status?.manifestDigest);
  await requireComplete(blobs, loaded, call());
  await waitFor('the job to be removed', async () => (await jobs()).length === 0, { timeoutSeconds: 60 });
  return status ?? {};
}

describe('a backup by hand', () => {
  it('holds the database and the files, without what is left out on purpose, and cannot be destroyed', async () => {
    await stage.request('JtelBackup', 'first', {});
    const status = await expectWhole('first');
    const { manifest } = await loadBackup(
      await catalogIn(stage, blobs),
      identity,
      status.backupID ?? '',
      noConsent,
      call(),
    );
    expect(manifest.dataSets.map(({ kind }) => kind)).toContain('Physical');
    expect(manifest.documents.map(({ name }) => name)).toEqual([
      'stack.json',
      'release.json',
      'compose.yaml',
    ]);
    expect(manifest.excluded.flatMap(({ globs }) => globs)).toContain('recordings/**');
    const tree = manifest.dataSets.find(({ kind }) => kind === 'FileTree');
    expect(tree?.bytes).toBeLessThan(3_000_000);
    await expect(
      blobs.proveImmutable(paths.manifest(identity, manifest.backupID), call()),
    ).resolves.toMatchObject({ overwrite: 'Refused', delete: 'Refused' });
  });

  it('stands in the status of the stack, with a secret in none of its parts', async () => {
    const stack = await waitFor('the stack to tell', async () => {
      const seen = await stage.stack();
      return seen.status?.backup?.lastBackupRef?.name === 'first' && seen;
    });
    expect(stack.status?.conditions?.find(({ type }) => type === 'BackupHealthy')).toMatchObject({
      reason: 'BackupSuspended',
    });
    const { data } = await stage.kubectl.json<{ data: Record<string, string> }>([
      'get',
      'secret',
      `${stackName}-credentials`,
      '-n',
      namespace,
    ]);
    const { status } = await backup('first');
    const texts = [JSON.stringify(await backup('first'))];
    for (const name of ['stack.json', 'release.json', 'compose.yaml', manifestName])
      texts.push(
        (await blobs.read(paths.part(identity, status?.backupID ?? '', name), 4_000_000, call())).toString(),
      );
    for (const value of Object.values(data))
      for (const text of texts) expect(text).not.toContain(Buffer.from(value, 'base64').toString());
  });

  it('adds little the second time', async () => {
    const before = (await backup('first')).status?.uploadedBytes ?? 0;
    await stage.query(
      "CREATE TABLE jtel.calls (id INT PRIMARY KEY, day VARCHAR(20)); INSERT INTO jtel.calls VALUES (1, 'today')",
    );
    await stage.request('JtelBackup', 'second', {});
    const { uploadedBytes = 0, reusedBytes = 0, epoch } = await expectWhole('second');
    expect(epoch).toBe((await backup('first')).status?.epoch);
    expect(uploadedBytes).toBeLessThan(before / 2);
    expect(reusedBytes).toBeGreaterThan(0);
  });

  it('is restored for a test where that is asked for, before it counts', async () => {
    const status = await stage.request('JtelBackup', 'tested', { verify: 'Restore' }, 400);
    expect(status).toMatchObject({
      phase: 'Completed',
      verification: { state: 'Passed', method: 'Restore', seconds: expect.any(Number) },
    });
    expect((await stage.restore('tested-verify')).status?.phase).toBe('Completed');
  });
});

describe('a backup that is interrupted', () => {
  beforeAll(() => stage.patchSpec({ backup: slowly }));

  it('by deleting its object stops its job and leaves no backup', async () => {
    const before = await manifests();
    await stage.patchSpec({ backup: { bandwidthLimitMiBPerSecond: 1 } });
    await newData();
    await ask('cancelled');
    await untilReading('cancelled');
    await stage.kubectl.run(['delete', 'jtelbackup', 'cancelled', '-n', namespace, '--timeout=90s'], {
      timeoutSeconds: 100,
    });
    expect(await jobs()).toEqual([]);
    expect(await manifests()).toEqual(before);
    await stage.patchSpec({ backup: slowly });
  });

  it('by the death of the operator goes on, in its first try', async () => {
    await newData();
    await ask('orphaned');
    await untilReading('orphaned');
    await stage.killOperator();
    const job = (await jobs()).find((one) => one.endsWith('running'));
    await stage.startOperator(patient);
    expect(job).toBeDefined();
    await stage.ended('JtelBackup', 'orphaned');
    expect((await expectWhole('orphaned')).attempt).toBe(1);
  });

  it('by a reboot of its host is made in another try', async () => {
    await newData();
    await ask('rebooted');
    await untilReading('rebooted');
    await stage.sandbox.faults(stage.host.name).reboot();
    await stage.ended('JtelBackup', 'rebooted', 400);
    expect((await expectWhole('rebooted')).attempt).toBeGreaterThan(1);
    await stage.untilReady();
  });

  it('by the end of its time to write goes on with a fresh and longer one', async () => {
    await stage.operator?.stop();
    await stage.startOperator([...patient, '--backup-window-seconds', '30']);
    // So much data that one window is too short for it.
    await stage.inFiles(
      'rm announcements/new.bin && head -c 200000000 /dev/urandom > announcements/large.bin',
    );
    await stage.request('JtelBackup', 'windows', {}, 600);
    expect((await expectWhole('windows')).attempt).toBeGreaterThan(1);
    const events = await stage.kubectl.run([
      'get',
      'events',
      '-n',
      namespace,
      '-o',
      'jsonpath={range .items[*]}{.involvedObject.name} {.reason}{"\\n"}{end}',
    ]);
    expect(events).toContain('windows UploadWindowOver');
  });
});

describe('a store that would let somebody delete what is stored', () => {
  it('has no completed backups where immutability is required', async () => {
    await stage.patchSpec({ backup: { bandwidthLimitMiBPerSecond: null } });
    const { endpoint, container } = await stage.sandbox.blob.container(
      stage.sandbox.blob.customer,
      `${namespace}-open`,
      { kind: 'None' },
    );
    const spec = {
      tier: 'Customer',
      azure: { endpoint, container, credentialsSecretRef: { name: 'backups' } },
      immutability: { policy: 'Required', retentionDays: 180 },
    };
    await stage.kubectl.apply([
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind: 'JtelBackupStore',
        metadata: { name: 'open', namespace },
        spec,
      },
    ]);
    const status = await stage.request('JtelBackup', 'unprotected', { storeRef: { name: 'open' } });
    expect(status).toMatchObject({
      phase: 'Failed',
      immutability: { state: 'Unprotected' },
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'NotImmutable' })]),
    });
    const store = await stage.kubectl.json<{
      status?: { conditions?: { type: string; status: string; reason: string }[] };
    }>(['get', 'jtelbackupstore', 'open', '-n', namespace]);
    expect(store.status?.conditions?.find(({ type }) => type === 'Immutable')).toMatchObject({
      status: 'False',
    });
  });
});
