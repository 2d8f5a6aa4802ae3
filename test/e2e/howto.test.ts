/**
 * The how-tos (docs/howto), word by word: what a page tells the reader to type is typed here, in the order of the index. One customer
 * goes through them: it is new, is updated, takes a change back, is tested, and moves.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tryRun } from '../../kit/process.ts';
import { dockerConfig } from '../../sandbox/installation/examples.ts';
import { pluginDirectory } from '../../sandbox/installation/kubectl.ts';
import { missingLine, readHowTos, scriptOf } from '../docs/howto.ts';
import { Stage } from './stage.ts';

/** The pages' example. */
const namespace = 'customer-a';
const newHost = 'customer-a-2';
let stage: Stage;
let directory: string;
let values: Readonly<Record<string, string>>;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, moreHosts: [newHost] });
  await stage.startOperator(['--resync-seconds', '5', '--monitor-seconds', '2']);
  const { sandbox, host } = stage;
  const { vendor, customer } = sandbox.blob;
  const backups = await sandbox.blob.container(customer, namespace);
  values = {
    HOST: host.address,
    HOST_KEY: host.hostKeyFingerprint,
    NEW_HOST: sandbox.host(newHost).address,
    NEW_HOST_KEY: sandbox.host(newHost).hostKeyFingerprint,
    VENDOR_ENDPOINT: vendor.endpoint,
    VENDOR_CONTAINER: vendor.container,
    BACKUP_ENDPOINT: backups.endpoint,
    BACKUP_CONTAINER: backups.container,
  };
  directory = await mkdtemp(join(tmpdir(), 'howto-'));
  const secrets = {
    'host-key': host.privateKey,
    'registry.json': dockerConfig(sandbox),
    'vendor-store.env': `endpoint=${vendor.endpoint}\naccountName=${vendor.account}\naccountKey=${vendor.key}\n`,
    'backup-store.env': `endpoint=${backups.endpoint}\naccountName=${backups.account}\naccountKey=${backups.key}\n`,
  };
  for (const [name, content] of Object.entries(secrets))
    await writeFile(join(directory, name), content, { mode: 0o600 });
});

afterAll(async () => {
  await stage.close();
  await rm(directory, { recursive: true, force: true });
});

it.for(await readHowTos())('$page', async (howTo) => {
  const path = [dirname(stage.kubectl.binary), pluginDirectory, process.env['PATH']].join(':');
  for (const block of howTo.run) {
    const script = scriptOf(howTo, block, values);
    const { code, stdout, stderr } = await tryRun(['bash', '-euo', 'pipefail', '-c', script], {
      cwd: directory,
      env: { ...process.env, PATH: path, KUBECONFIG: stage.kubectl.kubeconfig, NO_COLOR: '1' },
      timeoutSeconds: 600,
    });
    const told = `${stdout}${stderr}`;
    expect(code, `${block.script}\n${told}`).toBe(0);
    expect(missingLine(told, block.expected), `${block.script}\n${told}`).toBeUndefined();
  }
});
