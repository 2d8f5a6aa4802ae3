/**
 * What cases of backups and restores work with: a file tree on two days, a store per case, and the product's
 * own jobs and commits.
 */
import { atOnce } from '../../support/pauses.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { commit, knownParts, type Committed, type CommitOptions } from '../../../controllers/backup/index.ts';
import { loadBackup, requireComplete, signedBackup } from '../../../controllers/stores/backup-catalog.ts';
import { newestSigned } from '../../../controllers/stores/backup-doubt.ts';
import { noConsent } from '../../../controllers/stores/trust.ts';
import { testSigner, trusting } from '../../support/signing.ts';
import { backup } from '../../../toolbox/backup/backup.ts';
import type { ContainerRule } from '../../../sandbox/worm/types.ts';
import type { TestDouble } from '../../support/blob-double.ts';
import { content, TestTree } from '../../support/backup/job-builder.ts';
import { picture, restoreInput, runRestore } from '../../support/backup/restore-builder.ts';

const never = new AbortController().signal;
const identity = 'acme.main';
const epoch = '20261122';
export const firstID = '20261122t020000z-00000a';
export const secondID = '20261123t020000z-00000b';

/** By name below the container. */
export type Blobs = ReadonlyMap<string, Buffer>;

export interface Stage {
  readonly account: string;
  readonly container: string;
  readonly store: BlobStore;
  readonly secrets: readonly string[];
}

export class Scene {
  readonly double: TestDouble;
  readonly #scratch: string;
  /** The tree on the day of the first backup, and of the second. */
  readonly trees: readonly [TestTree, TestTree];
  /** What the store holds after the first backup. */
  readonly #stored: Blobs;

  private constructor(
    double: TestDouble,
    scratch: string,
    trees: readonly [TestTree, TestTree],
    stored: Blobs,
  ) {
    this.double = double;
    this.#scratch = scratch;
    this.trees = trees;
    this.#stored = stored;
  }

  static async open(double: TestDouble): Promise<Scene> {
    const scratch = await mkdtemp(join(tmpdir(), 'campaign-e-'));
    const trees = [await TestTree.create(), await TestTree.create()] as const;
    for (const tree of trees) await tree.fill(41, 12, 900_000);
    await trees[1].write('new.dat', content(77, 5_000_000));
    const empty = new Scene(double, scratch, trees, new Map());
    const stage = await empty.stage();
    await empty.makeBackup(stage, firstID, 1);
    const stored = new Map<string, Buffer>();
    for await (const { name, bytes } of stage.store.list('', never))
      stored.set(name, await stage.store.read(name, bytes, never));
    return new Scene(double, scratch, trees, stored);
  }

  async close(): Promise<void> {
    for (const path of [this.#scratch, ...this.trees.map((tree) => tree.path)])
      await rm(path, { recursive: true, force: true });
  }

  get stored(): Blobs {
    return this.#stored;
  }

  /**
   * A store of its own with the first backup in it.
   * @param change of what is stored; undefined leaves a blob out
   */
  async stage(
    rule: ContainerRule = { kind: 'Worm', state: 'Locked', days: 180 },
    change: (name: string, blob: Buffer) => Buffer | undefined = (_, blob) => blob,
  ): Promise<Stage> {
    const { customer } = this.double;
    const container = `e-${randomUUID()}`;
    const store = azureBlobStore(await customer.location(container, { rule }), customer.credentials);
    for (const [name, blob] of this.#stored) {
      const changed = change(name, blob);
      if (changed !== undefined) await store.create(name, changed, 'application/octet-stream', never);
    }
    return { account: customer.accountName, container, store, secrets: [customer.accountKey] };
  }

  /**
   * Backs up as the operator does: what is known, a grant, the job, the commit.
   * @param isFull as after a try that was `BackupIncomplete`: relies on nothing that is there
   */
  async makeBackup({ store }: Stage, backupID: string, attempt: number, isFull = false): Promise<Committed> {
    const { manifest: newest } = await newestSigned(trusting(store), identity, never);
    const known = isFull
      ? []
      : await knownParts(
          { store, identity, backupID, attempt, epoch, keyID: undefined, newest, lifetimeSeconds: 3600 },
          never,
        );
    const upload = await store.createGrant(3600);
    const tree = this.trees[backupID === firstID ? 0 : 1];
    const scratch = await mkdtemp(join(this.#scratch, 'job-'));
    const input = {
      type: 'backup',
      backupID,
      attempt,
      identity,
      epoch,
      upload,
      known,
      fileTrees: [{ name: 'files', path: tree.path, excludes: [] }],
      limits: { threads: 1, uploads: 2 },
      scratch,
    } as const;
    const result = await backup(input, () => undefined, never, atOnce);
    return await commit(commitOptions(store, backupID, result), never);
  }

  /**
   * Restores as the operator does: manifest and list of packs, a check that all is there, the job.
   * @returns what lies in the tree then
   */
  async restore({ store }: Stage, backupID: string, target: string): Promise<Record<string, string>> {
    const loaded = await loadBackup(trusting(store), identity, backupID, noConsent, never);
    await requireComplete(store, loaded, never);
    const input = restoreInput(await signedBackup(store, loaded, 3600), target, { onData: 'Replace' });
    await runRestore(input);
    return await picture(target);
  }

  /** A directory for one case. */
  async target(): Promise<string> {
    return await mkdtemp(join(this.#scratch, 'target-'));
  }

  pictureOf(day: 0 | 1): Promise<Record<string, string>> {
    return picture(this.trees[day].path);
  }
}

function commitOptions(store: BlobStore, backupID: string, result: CommitOptions['result']): CommitOptions {
  return {
    catalog: trusting(store),
    signer: testSigner,
    origin: {
      backupID,
      identity,
      epoch,
      writer: {
        clusterID: 'cluster-1',
        namespace: 'acme',
        name: 'main',
        stackUID: 'uid-1',
        machineID: 'machine-1',
      },
      trigger: 'Manual',
      release: { version: '3.43.2', digest: 'a'.repeat(64), images: [] },
      excluded: [],
      startTime: '2026-11-23T02:00:00Z',
    },
    result,
    endTime: '2026-11-23T02:01:00Z',
    documents: [{ name: 'stack.json', content: Buffer.from('{"kind":"JtelStack"}') }],
    immutability: { policy: 'Required', retentionDays: 180 },
  };
}
