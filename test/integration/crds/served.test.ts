/**
 * The CRDs as a real API server serves them: structure, defaults, columns, and the examples that users start
 * from.
 */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backupKind, storeKind, stackKind, type JtelStackStatus } from '../../../crds/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs, type ServedCRD } from '../../support/crds.ts';
import { create, refusal, tryToCreate } from './api.ts';
import { exampleManifests, goodObjects, withValue, type Manifest } from './objects.ts';

let cluster: TestCluster;
let kubectl: Kubectl;
let crds: readonly ServedCRD[];
beforeAll(async () => {
  cluster = await openCluster('crds-served');
  kubectl = await Kubectl.find(cluster.kubeconfig);
  crds = await installCRDs(cluster.client);
});
afterAll(() => cluster.close());

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const examples = globSync('**/*.yaml', { cwd: `${repository}/examples` })
  .filter((file) => !file.startsWith('customer-repo/'))
  .toSorted();

async function get(...args: string[]): Promise<string[]> {
  const output = await kubectl.run(['get', '-n', cluster.namespace, ...args]);
  return output.trimEnd().split('\n');
}

test('every kind is Established, and none has a schema that is not structural', () => {
  const conditions = crds.map(({ metadata, status }) => [
    metadata.name,
    ...(status?.conditions ?? []).map(({ type, status: value }) => `${type}=${value}`).toSorted(),
  ]);
  expect(conditions).toEqual(
    crds.map(({ metadata }) => [metadata.name, 'Established=True', 'NamesAccepted=True']),
  );
});

test('the files hold no field that the API server does not know', async () => {
  const output = await kubectl.run([
    'apply',
    '--dry-run=server',
    '--validate=strict',
    '--server-side',
    '--force-conflicts',
    '-k',
    `${repository}/crds`,
  ]);
  expect(output.trimEnd().split('\n')).toHaveLength(crds.length);
});

test.each(
  examples.flatMap((file) =>
    exampleManifests(file)
      .filter(({ kind }) => kind !== 'Namespace')
      .map((manifest) => ({ file, kind: manifest.kind, manifest })),
  ),
)('the API server accepts $kind of examples/$file', async ({ manifest }) => {
  expect(await refusal(tryToCreate(cluster, manifest))).toBe('');
});

describe('defaults', () => {
  test.each(Object.values(goodObjects))(
    'of the status of a new $kind, even if somebody sends one: nobody has looked at it',
    async (manifest) => {
      const metadata = { name: 'unseen' };
      const stored = await create(cluster, { ...manifest, metadata, status: { observedGeneration: 1 } });
      expect(stored['status']).toEqual({ observedGeneration: -1 });
      await kubectl.run(['delete', '-n', cluster.namespace, `${manifest.kind}/${metadata.name}`]);
    },
  );

  test('of the least that a stack needs', async () => {
    const [minimal] = exampleManifests('minimal-stack.yaml');
    if (minimal === undefined) throw new Error('examples/minimal-stack.yaml is empty');
    const { spec } = await tryToCreate(cluster, minimal);
    expect(spec).toMatchObject({
      host: { port: 22, user: 'jtel', bootstrap: 'Managed' },
      initialData: { source: 'Auto' },
      update: { preUpdateBackup: 'Required', progressDeadlineSeconds: 3600, onFailure: 'Rollback' },
      relocation: { source: 'Migrate' },
      drift: 'Correct',
      managementMode: 'Manage',
      powerState: 'Running',
      suspend: false,
      deletionPolicy: 'Orphan',
      revisionHistoryLimit: 10,
    });
    expect(spec).not.toHaveProperty('backup');
  });

  test('of a backup policy, a component and a window', async () => {
    const stack = withValue(withValue(goodObjects.JtelStack, 'spec.initialData', {}), 'spec.backup', {
      storeRef: { name: 'acme-backups' },
    });
    const windowed = withValue(stack, 'spec.update', {
      windows: [{ days: ['Sat'], start: '22:30', durationMinutes: 60 }],
    });
    const { spec } = await tryToCreate(
      cluster,
      withValue(windowed, 'spec.components', [{ name: 'acd-web' }]),
    );
    expect(spec).toMatchObject({
      initialData: { source: 'Auto' },
      backup: {
        schedule: '0 2 * * *',
        timeZone: 'Europe/Berlin',
        state: 'Enabled',
        verify: 'Checksum',
        historyLimit: 14,
      },
      components: [{ name: 'acd-web', state: 'Enabled' }],
      update: {
        preUpdateBackup: 'Required',
        onFailure: 'Rollback',
        windows: [{ timeZone: 'Europe/Berlin' }],
      },
    });
  });

  test.each([
    ['JtelBackup', 'spec', { trigger: 'Manual', verify: 'Checksum' }],
    ['JtelRestore', 'spec', { mode: 'Execute', preRestoreBackup: 'Required' }],
    [
      'JtelBackupStore',
      'spec',
      { accessMode: 'ReadWrite', immutability: { policy: 'Preferred', retentionDays: 180 } },
    ],
  ] as const)('of a %s', async (kind, _, expected) => {
    const good = goodObjects[kind];
    const bare =
      kind === 'JtelBackupStore'
        ? withValue(withValue(good, 'spec.accessMode', undefined), 'spec.immutability', undefined)
        : good;
    expect((await tryToCreate(cluster, bare)).spec).toMatchObject(expected);
  });
});

describe('kubectl get', () => {
  const stackStatus: JtelStackStatus = {
    observedGeneration: 1,
    phase: 'Degraded',
    message: 'rolling back to 3.43.1: image acd-web:3.43.2 was not found',
    componentsReady: '6/7',
    revision: 12,
    backup: { lastSuccessTime: new Date(Date.now() - 5 * 3_600_000).toISOString().replace(/\.\d+/, '') },
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'RollingBack',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
      {
        type: 'Available',
        status: 'True',
        reason: 'Serving',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
      {
        type: 'Drifted',
        status: 'True',
        reason: 'Drifted',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  };

  beforeAll(async () => {
    const stored = (manifest: Manifest, name: string): Promise<Manifest> =>
      create(cluster, withValue(manifest, 'metadata.name', name));
    await stored(
      withValue(withValue(goodObjects.JtelStack, 'spec.host.address', '203.0.113.10'), 'spec.size', 'Medium'),
      'acme',
    );
    await stored(goodObjects.JtelBackupStore, 'acme-backups');
    await stored(goodObjects.JtelBackup, 'acme-2026-01-01');
    await stored(goodObjects.JtelRestore, 'acme-back');
    await cluster.client.applyStatus(
      stackKind,
      { namespace: cluster.namespace, name: 'acme' },
      stackStatus,
      {},
      call(),
    );
    await cluster.client.applyStatus(
      backupKind,
      { namespace: cluster.namespace, name: 'acme-2026-01-01' },
      {
        phase: 'Completed',
        progress: '100%',
        size: '3.9 GiB',
        verification: { state: 'Passed' },
        immutability: { untilTime: '2026-06-30T02:00:00Z' },
      },
      {},
      call(),
    );
    await cluster.client.applyStatus(
      storeKind,
      { namespace: cluster.namespace, name: 'acme-backups' },
      {
        backups: 180,
        conditions: [
          {
            type: 'Available',
            status: 'True',
            reason: 'StoreReachable',
            message: '',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
      {},
      call(),
    );
  });

  test.each([
    [
      'jtelstacks',
      'NAME VERSION PHASE READY AVAILABLE HOST LAST-BACKUP AGE',
      ' CHANNEL SIZE COMPONENTS REVISION DRIFT MESSAGE',
    ],
    [
      'jtelbackups',
      'NAME STACK PHASE PROGRESS SIZE IMMUTABLE-UNTIL VERIFIED AGE',
      ' BACKUP-ID VERSION TRIGGER MESSAGE',
    ],
    ['jtelrestores', 'NAME STACK MODE PHASE PROGRESS BACKUP AGE', ' BACKUP-TIME SECONDS MESSAGE'],
    [
      'jtelbackupstores',
      'NAME TIER AVAILABLE IMMUTABLE BACKUPS LAST-BACKUP AGE',
      ' ACCESS CONTAINER RETENTION-DAYS POLICY LAST-VALIDATION MESSAGE',
    ],
  ])('%s has the columns %s, wide also%s', async (plural, narrow, wide) => {
    const headers = async (...args: string[]): Promise<string> =>
      ((await get(plural, ...args))[0] ?? '').trim().replaceAll(/ +/g, ' ');
    expect(await headers()).toBe(narrow);
    expect(await headers('-o', 'wide')).toBe(narrow + wide);
  });

  test('shows a stack in trouble at a glance', async () => {
    const [, line] = await get('jst');
    expect(line).toMatch(/^acme +3\.43\.2 +Degraded +False +True +203\.0\.113\.10 +5h +\d+s$/);
  });

  test('shows the rest of it with -o wide', async () => {
    const [, line] = await get('jst', '-o', 'wide');
    expect(line).toMatch(
      /Medium +6\/7 +12 +True +rolling back to 3\.43\.1: image acd-web:3\.43\.2 was not found$/,
    );
  });

  /**
   * A backup's columns are a contract that does not fit into 80 columns. The end of immutability is worth the
   * width.
   */
  test.each([
    ['jst', 80],
    ['jbk', 100],
    ['jrs', 80],
    ['jbs', 80],
  ])('%s fits %i columns', async (shortName, width) => {
    const lines = await get(shortName);
    expect(lines).toHaveLength(2);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  });

  test('jtel lists all kinds', async () => {
    const names = await get('jtel', '-o', 'name');
    // Channels and drills are in no namespace, so those of other tests are listed, too.
    expect(names.filter((name) => !/^jtel(channel|drill)\./.test(name)).toSorted()).toEqual([
      'jtelbackup.jtel.de/acme-2026-01-01',
      'jtelbackupstore.jtel.de/acme-backups',
      'jtelrestore.jtel.de/acme-back',
      'jtelstack.jtel.de/acme',
    ]);
  });

  test('wait works on the conditions of a stack', async () => {
    const wait = ['wait', '-n', cluster.namespace, 'jtelstack/acme', '--timeout=5s'];
    expect(await kubectl.run([...wait, '--for=condition=Drifted'])).toContain('condition met');
    expect(await kubectl.run([...wait, '--for=condition=Ready=False'])).toContain('condition met');
  });

  test('explain describes every field', async () => {
    const output = await kubectl.run(['explain', '--recursive', 'jtelstack.spec.host']);
    expect(output).toContain('hostKeyFingerprints');
    const explanation = await kubectl.run(['explain', 'jtelstack.spec.deletionPolicy']);
    expect(explanation.replaceAll(/\s+/g, ' ')).toContain('Orphan leaves everything running');
  });
});
