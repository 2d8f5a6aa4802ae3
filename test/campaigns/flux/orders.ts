/** Orders in git: Flux waits for them, and creates one again that somebody deletes. None is carried out twice. */
import assert from 'node:assert/strict';
import type { JtelBackup, JtelRestore } from '../../../crds/index.ts';
import { waitFor } from '../../support/wait.ts';
import { type FluxCase, customer, folder, type Stage } from './stage.ts';

const identity = 'customer-a.customer-a';
const backupFile = 'before-the-change.yaml';
const restoreFile = 'back-to-before.yaml';

const backup = `apiVersion: jtel.de/v1alpha1
kind: JtelBackup
metadata:
  name: before-the-change
spec:
  stackRef: {name: customer-a}
`;
const restore = `apiVersion: jtel.de/v1alpha1
kind: JtelRestore
metadata:
  name: back-to-before
spec:
  stackRef: {name: customer-a}
  source: {latestOf: ${identity}}
  ifNotEmpty: Replace
  confirmReplace: customer-a
  preRestoreBackup: Skip
  notAfter: "2099-01-01T00:00:00Z"
`;

export const orderCases: readonly FluxCase[] = [
  {
    name: 'a backup is made by a commit, and not again when its object was deleted',
    run: async (stage) => {
      await stage.settled(await order(stage, backupFile, backup));
      const made = await find<JtelBackup>(stage, 'jtelbackup', 'before-the-change');
      assert.equal(made.status?.phase, 'Completed');
      const anew = await deleteAndWait<JtelBackup>(stage, 'jtelbackup', 'before-the-change');
      await stage.settled(await stage.repository.head());
      assert.notEqual(anew.metadata.uid, made.metadata.uid);
      const again = await find<JtelBackup>(stage, 'jtelbackup', 'before-the-change');
      assert.equal(again.status?.backupID, made.status?.backupID);
      assert.deepEqual(await storedBackups(stage), [made.status?.backupID]);
    },
  },
  {
    name: 'a restore is carried out by a commit, and not again when its object was deleted',
    run: async (stage) => {
      if ((await storedBackups(stage)).length === 0)
        await stage.settled(await order(stage, backupFile, backup));
      await stage.query('CREATE TABLE jtel.later (id INT PRIMARY KEY)');
      await stage.settled(await order(stage, restoreFile, restore), 420);
      const tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'later'";
      assert.equal(await stage.query(tables), '0');
      await stage.query('CREATE TABLE jtel.later (id INT PRIMARY KEY)');
      const containers = await stage.containers();
      await deleteAndWait<JtelRestore>(stage, 'jtelrestore', 'back-to-before');
      await stage.settled(await stage.repository.head());
      const again = await find<JtelRestore>(stage, 'jtelrestore', 'back-to-before');
      assert.equal(again.status?.phase, 'Completed');
      assert.equal(await stage.query(tables), '1', 'newer data were lost');
      assert.deepEqual(await stage.containers(), containers);
    },
  },
];

async function order(stage: Stage, file: string, text: string): Promise<string> {
  await stage.repository.write(`${folder}/${file}`, text);
  await stage.repository.replace(`${folder}/kustomization.yaml`, 'resources: [', `resources: [${file}, `);
  return await stage.commit(`Order ${file}`);
}

async function find<T>(stage: Stage, kind: string, name: string): Promise<T> {
  return await stage.kubectl.json<T>(['get', kind, name, '-n', customer]);
}

/** Somebody deletes it in the cluster, and Flux looks. @returns the object that Flux creates */
async function deleteAndWait<T>(stage: Stage, kind: string, name: string): Promise<T> {
  await stage.kubectl.run(['delete', kind, name, '-n', customer, '--wait']);
  await stage.flux.reconcile(customer);
  return await waitFor(`Flux to create ${kind} ${name} again`, () => find<T>(stage, kind, name), {
    timeoutSeconds: 60,
  });
}

async function storedBackups(stage: Stage): Promise<readonly string[]> {
  const args = ['backup', 'list', customer, '-n', customer, '-o', 'json'];
  const { items } = JSON.parse(await stage.kubectl.jtel(args)) as { items: { backupID: string }[] };
  return items.map(({ backupID }) => backupID);
}
