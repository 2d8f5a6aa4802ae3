/**
 * Storage accounts as others set them up: network rules, lifecycle rules that archive, immutability at the
 * level of versions.
 */
import { SigningKeys } from '../../../../controllers/stores/signing-keys.ts';
import { atOnce } from '../../../support/pauses.ts';
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { ContainerClient } from '@azure/storage-blob';
import { azureBlobStore } from '../../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../../blob-store/blob-store.ts';
import { storeReconciler } from '../../../../controllers/store/index.ts';
import { aStore, now } from '../../../../controllers/store/testing.ts';
import { aboutHost } from '../../../../controllers/stores/store-refusal.ts';
import {
  restoreKind,
  storeKind,
  type Condition,
  type JtelBackupStoreStatus,
  type StoreConditionType,
} from '../../../../crds/index.ts';
import { Uploader } from '../../../../toolbox/backup/upload.ts';
import { BlobReader } from '../../../../toolbox/restore/blob-reader.ts';
import type { EventDetails } from '../../../../runtime/index.ts';
import { MemoryCluster } from '../../../../runtime/fake/memory-cluster.ts';
import { silentLogger } from '../../../../runtime/report/logger.ts';
import type { ContainerRule } from '../../../../sandbox/worm/types.ts';
import { startBlobDouble, type TestAccount, type TestDouble } from '../../../support/blob-double.ts';
import { aRestore, backupID, effects, ended, installed, restoreOf } from '../../../support/world/restores.ts';
import { World } from '../../../support/world/world.ts';
import { storeBackup } from '../../../support/stored-backup.ts';
import { firstID, Scene as BackupScene, secondID, type Stage } from '../../faults/stage.ts';
import type { Part, WorldCase } from '../scene.ts';
import { signedGrant } from '../../../support/signed-grant.ts';

const never = new AbortController().signal;
const key = { namespace: 'acme', name: 'backups' };
const identity = 'acme.main';
const hour = 3_600;

const blobDouble: Part<TestDouble> = {
  open: startBlobDouble,
  close: async (double) => await double[Symbol.asyncDispose](),
};

/**
 * A double of its own, because the case moves its clock, and a backup that the product's own job made there.
 */
const backups: Part<{ readonly scene: BackupScene; readonly double: TestDouble }> = {
  open: async () => {
    const double = await startBlobDouble();
    return { double, scene: await BackupScene.open(double) };
  },
  close: async ({ scene, double }) => {
    await scene.close();
    await double[Symbol.asyncDispose]();
  },
};

interface Look {
  readonly status: JtelBackupStoreStatus;
  readonly events: readonly EventDetails[];
}

/** What a reader sees of a store that must be immutable for 180 + 30 days, after one look at it. */
async function lookAt(blobs: BlobStore, identities: readonly string[] = []): Promise<Look> {
  const cluster = new MemoryCluster();
  await cluster.create(storeKind, aStore({ immutability: { policy: 'Required', retentionDays: 180 } }), {
    signal: never,
  });
  const told: EventDetails[] = [];
  const events = {
    record: (_kind: unknown, _object: unknown, details: EventDetails): void => void told.push(details),
  };
  const options = {
    cluster,
    events,
    clock: () => now,
    random: () => 0,
    signing: new SigningKeys(cluster, 'jtel-system'),
    open: async () => blobs,
    identitiesOf: () => identities,
  };
  await storeReconciler(options).reconcile(key, { signal: never, logger: silentLogger });
  return {
    status: (await cluster.get(storeKind, key, { signal: never })).status ?? { conditions: [] },
    events: told,
  };
}

function condition({ status }: Look, type: StoreConditionType): Condition {
  const found = status.conditions?.find((each) => each.type === type);
  assert.ok(found, `no condition ${type}`);
  return found;
}

async function storeUnder(double: TestDouble, rule: ContainerRule): Promise<BlobStore> {
  return azureBlobStore(
    await double.customer.location(`world-${randomUUID()}`, { rule }),
    double.customer.credentials,
  );
}

async function closedAccount(
  double: TestDouble,
): Promise<{ readonly account: TestAccount; readonly blobs: BlobStore }> {
  const account = await double.addAccount(`closed${randomUUID().replaceAll('-', '').slice(0, 12)}`);
  const blobs = azureBlobStore(await account.location('backups'), account.credentials);
  await double.control.network(account.accountName, { allow: ['192.0.2.1'] });
  return { account, blobs };
}

const rejection = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => error,
  );

function assertRefusal(error: unknown, reason: string, words: readonly RegExp[]): void {
  assert.ok(error instanceof Error);
  assert.equal((error as Error & { readonly reason?: string }).reason, reason, error.message);
  for (const each of words) assert.match(error.message, each);
}

async function packsIn({ store }: Stage): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(`${identity}/packs/`, never)) names.push(name);
  return names;
}

/** Works as a lifecycle rule does, on all packs of the stored backup. */
async function archivePacks(scene: BackupScene, stage: Stage): Promise<readonly string[]> {
  const names = await packsIn(stage);
  for (const name of names) await clientOf(scene, stage).getBlobClient(name).setAccessTier('Archive');
  return names;
}

function clientOf({ double }: BackupScene, { container }: Stage): ContainerClient {
  return new ContainerClient(`${double.customer.endpoint}/${container}`, double.customer.sharedKey);
}

const versions = (state: 'Locked' | 'Unlocked', days: number): ContainerRule => ({
  kind: 'Versions',
  state,
  days,
});

const networkCases: readonly WorldCase[] = [
  {
    id: 'W19',
    title: 'a store behind network rules says that it is these, and which address was refused',
    needs: 'sandbox',
    run: async (scene) => {
      const { blobs } = await closedAccount(await scene.part(blobDouble));
      const { status, reason, message } = condition(await lookAt(blobs), 'Available');
      assert.deepEqual([status, reason], ['False', 'StoreNetworkRefused']);
      assert.match(message, /network rules .*127\.0\.0\.1.*403 AuthorizationFailure.*Networking/);
    },
  },
  {
    id: 'W19',
    title: 'a job behind network rules says so, in place of wrong credentials, and its host is named',
    needs: 'sandbox',
    run: async (scene) => {
      const { blobs } = await closedAccount(await scene.part(blobDouble));
      const uploader = new Uploader(await signedGrant(blobs, 600), 1, never, atOnce);
      const body = Buffer.from('pack');
      const sending = await rejection(
        uploader.put('packs/1', body, createHash('md5').update(body).digest('base64')),
      );
      uploader.close();
      const blob = { url: await blobs.readUrl('packs/1', 600), bytes: 4, sha256: '0'.repeat(64) };
      const reading = await rejection(
        new BlobReader({ signal: never, pauses: atOnce }).read(blob, Buffer.alloc(4)),
      );
      for (const error of [sending, reading])
        assertRefusal(error, 'StoreNetworkRefused', [/network rules/, /403 AuthorizationFailure/]);
      assert.match(aboutHost('StoreNetworkRefused', String(sending), '192.0.2.10'), /192\.0\.2\.10/);
    },
  },
  {
    id: 'W19',
    title: 'a wrong key is still told as a wrong key',
    needs: 'sandbox',
    run: async (scene) => {
      const { customer } = await scene.part(blobDouble);
      const credentials = {
        kind: 'AccountKey',
        accountName: customer.accountName,
        accountKey: Buffer.from('another key, for tests').toString('base64'),
      } as const;
      const blobs = azureBlobStore(await customer.location(`world-${randomUUID()}`), credentials);
      assert.equal(condition(await lookAt(blobs), 'Available').reason, 'StoreCredentialsRefused');
    },
  },
];

const archiveCases: readonly WorldCase[] = [
  {
    id: 'W18',
    title:
      'a restore of archived packs is refused by their listing, says what to rehydrate, and works afterwards',
    needs: 'sandbox',
    run: async (scene) => {
      const { scene: stored, double } = await scene.part(backups);
      const stage = await stored.stage();
      const packs = await archivePacks(stored, stage);
      const refused = await rejection(stored.restore(stage, firstID, await stored.target()));
      assertRefusal(refused, 'BlobArchived', [
        /is whole/,
        new RegExp(`${packs.length} of its \\d+ objects lie in the archive tier`),
        /Rehydrate acme\.main\/packs\/20261122\//,
        /Nothing was touched/,
      ]);
      for (const name of packs) await clientOf(stored, stage).getBlobClient(name).setAccessTier('Hot');
      assertRefusal(await rejection(stored.restore(stage, firstID, await stored.target())), 'BlobArchived', [
        new RegExp(`of which ${packs.length} are on their way out`),
      ]);
      await double.control.clock(16 * hour);
      assert.deepEqual(
        await stored.restore(stage, firstID, await stored.target()),
        await stored.pictureOf(0),
      );
    },
  },
  {
    id: 'W18',
    title: 'the store says that objects lie in the archive tier, with a warning',
    needs: 'sandbox',
    run: async (scene) => {
      const { scene: stored } = await scene.part(backups);
      const stage = await stored.stage();
      const packs = await archivePacks(stored, stage);
      const look = await lookAt(stage.store, [identity]);
      const { status, reason, message } = condition(look, 'Available');
      assert.deepEqual([status, reason], ['True', 'BlobArchived']);
      assert.ok(message.includes(packs[0] ?? '?'), message);
      assert.match(look.status.message ?? '', /rehydrated/);
      assert.ok(look.events.some((each) => each.type === 'Warning' && each.reason === 'BlobArchived'));
    },
  },
  {
    id: 'W18',
    title: 'a backup that shares archived packs is completed, and says so',
    needs: 'sandbox',
    run: async (scene) => {
      const { scene: stored } = await scene.part(backups);
      const stage = await stored.stage();
      const packs = await archivePacks(stored, stage);
      const { archivedObjects = 0 } = await stored.makeBackup(stage, secondID, 1);
      assert.ok(
        archivedObjects > 0 && archivedObjects <= packs.length,
        `${archivedObjects} of ${packs.length}`,
      );
    },
  },
  {
    id: 'W18',
    title: 'a job that meets an archived pack after all does not try for ever',
    needs: 'sandbox',
    run: async (scene) => {
      const { scene: stored } = await scene.part(backups);
      const stage = await stored.stage();
      const [name = ''] = await archivePacks(stored, stage);
      const blob = { url: await stage.store.readUrl(name, 600), bytes: 4, sha256: '0'.repeat(64) };
      assertRefusal(
        await rejection(new BlobReader({ signal: never, pauses: atOnce }).read(blob, Buffer.alloc(4))),
        'BlobArchived',
        [/rehydrate/],
      );
    },
  },
  {
    id: 'W18',
    title: 'a JtelRestore of an archived backup fails while the stack runs on',
    needs: 'nothing',
    run: async () => {
      const world = await installed(await World.create());
      try {
        const { names } = storeBackup(world.customer, { backupID });
        for (const name of names.filter((each) => each.includes('/packs/'))) {
          const blob = world.customer.blobs.get(name);
          if (blob !== undefined) world.customer.blobs.set(name, { ...blob, archive: 'Archived' });
        }
        const before = effects(world).length;
        await world.cluster.create(restoreKind, aRestore(), { signal: never });
        await world.until('the refusal', () => ended(world));
        const { status } = await restoreOf(world);
        assert.equal(status?.phase, 'Failed');
        assert.match(status.message ?? '', /archive tier.*Rehydrate/);
        assert.equal(status.conditions?.find(({ type }) => type === 'Failed')?.reason, 'BlobArchived');
        assert.deepEqual(effects(world).slice(before), []);
      } finally {
        await world.kill();
      }
    },
  },
];

const versionCases: readonly WorldCase[] = [
  {
    id: 'W20',
    title: 'a container with locked version-level immutability counts as immutable at the first look',
    needs: 'sandbox',
    run: async (scene) => {
      const look = await lookAt(await storeUnder(await scene.part(blobDouble), versions('Locked', 210)));
      const { status, reason, message } = condition(look, 'Immutable');
      assert.deepEqual([status, reason], ['True', 'ImmutabilityVerified'], message);
      assert.match(
        message,
        /kept the earlier one; deleting that one was refused \(409 BlobImmutableDueToPolicy\).*locked and lasts 210 days/,
      );
    },
  },
  {
    id: 'W20',
    title: 'version-level immutability that is not locked or too short is told at the first look',
    needs: 'sandbox',
    run: async (scene) => {
      const double = await scene.part(blobDouble);
      const reasonFor = async (rule: ContainerRule): Promise<string> =>
        condition(await lookAt(await storeUnder(double, rule)), 'Immutable').reason;
      assert.equal(await reasonFor(versions('Unlocked', 210)), 'PolicyUnlocked');
      assert.equal(await reasonFor(versions('Locked', 200)), 'RetentionTooShort');
      assert.equal(await reasonFor({ kind: 'None' }), 'NotImmutable');
    },
  },
  {
    id: 'W20',
    title: 'a backup in such a container is verified',
    needs: 'sandbox',
    run: async (scene) => {
      const { scene: stored } = await scene.part(backups);
      const { immutability } = await stored.makeBackup(
        await stored.stage(versions('Locked', 400)),
        secondID,
        1,
      );
      const { state, facts } = immutability;
      assert.equal(state, 'Verified', JSON.stringify(facts));
      assert.equal(
        facts.is === 'Tried' && facts.retention?.kind === 'TimeBased' && facts.retention.days,
        400,
      );
      const left = Date.parse(immutability.untilTime ?? '') - Date.now();
      assert.ok(Math.abs(left / 86_400_000 - 400) < 1, immutability.untilTime);
    },
  },
  {
    id: 'W20',
    title: 'what somebody overwrote there is not used, and comes back from its earlier version',
    needs: 'sandbox',
    run: async (scene) => {
      const { scene: stored } = await scene.part(backups);
      const stage = await stored.stage(versions('Locked', 400));
      const [pack = ''] = await packsIn(stage);
      const blob = clientOf(stored, stage).getBlockBlobClient(pack);
      const { versionId = '' } = await blob.getProperties();
      await blob.upload('garbage', 7);
      assertRefusal(await rejection(stored.restore(stage, firstID, await stored.target())), 'BackupInvalid', [
        /keeps earlier versions/,
      ]);
      const earlier = await blob.withVersion(versionId).downloadToBuffer();
      await blob.upload(earlier, earlier.length);
      assert.deepEqual(
        await stored.restore(stage, firstID, await stored.target()),
        await stored.pictureOf(0),
      );
    },
  },
];

export const cases: readonly WorldCase[] = [...archiveCases, ...networkCases, ...versionCases];
