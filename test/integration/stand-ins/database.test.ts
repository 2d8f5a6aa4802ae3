/**
 * The stand-ins whose behaviour other tests build on: the task runner's updates (killed, failing, too old)
 * and the replica's way back after its master was replaced. Real containers on the machine's Docker.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { assembleReleases } from '../../../sandbox/stand-ins/releases.ts';
import { buildStandIns } from '../../../sandbox/stand-ins/images.ts';
import { ensureBaseImage, ensureNodeImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import type { Docker } from '../../../kit/docker.ts';
import { sandboxLabel } from '../../../kit/docker.ts';
import { silentProgress } from '../../../kit/progress.ts';
import { waitFor } from '../../support/wait.ts';

const stack = `stand-ins-test-${randomBytes(4).toString('hex')}`;
const label = `${sandboxLabel}=stand-ins-test`;
// Servers of a database start in each, which takes a busy machine a minute.
vi.setConfig({ testTimeout: 600_000 });

let docker: Docker;
let directory: string;
let dump: Buffer;

beforeAll(async () => {
  docker = await ensureDocker(silentProgress);
  await ensureBaseImage(docker, silentProgress);
  await ensureNodeImage(docker, silentProgress);
  await buildStandIns(docker, silentProgress);
  directory = await mkdtemp(join(tmpdir(), 'stand-ins-test-'));
  for (const name of ['database-root-password', 'database-app-password'])
    await writeFile(join(directory, name), `${name}"'\\`, { mode: 0o600 });
  await docker.run(['network', 'create', '--label', label, stack]);
  const releases = await assembleReleases(docker, join(directory, 'releases'), ['3.43.1']);
  dump = zstdDecompressSync(await readFile(join(releases.get('3.43.1') ?? '', 'vanilla/database.sql.zst')));
});
afterAll(async () => {
  for (const name of ['runner', 'master', 'replica']) await docker.remove(`${stack}-${name}`);
  await docker.tryRun(['volume', 'rm', '-f', `${stack}-files`]);
  await docker.tryRun(['network', 'rm', stack]);
  await rm(directory, { recursive: true, force: true });
});

async function start(name: string, image: string, options: readonly string[] = []): Promise<void> {
  await docker.remove(`${stack}-${name}`);
  await docker.run([
    'run',
    '-d',
    '--init',
    '--name',
    `${stack}-${name}`,
    '--label',
    label,
    '--network',
    stack,
    '-v',
    `${directory}:/run/secrets:ro`,
    ...options,
    image,
  ]);
}

async function healthy(name: string): Promise<void> {
  await waitFor(
    `${name} to be healthy`,
    async () => (await docker.tryRun(['exec', `${stack}-${name}`, 'healthy'])).code === 0,
    { timeoutSeconds: 180 },
  );
}

async function sql(name: string, statements: string | Buffer): Promise<string> {
  const client = ['mariadb', '--defaults-file=/dev/shm/jtel/client.cnf', '--batch', '--skip-column-names'];
  return await docker.exec(`${stack}-${name}`, client, { input: statements });
}

async function startRunner(release: string, environment: readonly string[] = []): Promise<void> {
  const options = environment.flatMap((variable) => ['-e', variable]);
  await start('runner', `jtel/acd-task-runner:${release}`, [
    '-v',
    `${stack}-files:/srv/jtel/files`,
    ...options,
  ]);
}

async function ended(name: string): Promise<{ readonly code: string; readonly log: string }> {
  const code = await docker.run(['wait', `${stack}-${name}`]);
  return { code, log: await docker.run(['logs', `${stack}-${name}`]) };
}

async function startMaster(): Promise<void> {
  await start('master', 'jtel/acd-dbm:3.43.1', ['--network-alias', 'acd-dbm', '--tmpfs', '/var/lib/mysql']);
  await healthy('master');
}

const updates = (): Promise<string> =>
  sql('master', 'SELECT version, steps_done, finished IS NOT NULL FROM jtel.schema_version ORDER BY 1');

test('a task runner does nothing to an empty database and says what to do', async () => {
  await startMaster();
  await startRunner('3.43.2');
  const { code, log } = await ended('runner');
  expect(code).toBe('1');
  expect(log).toContain('load a backup or the vanilla data first');
});

test('an update that was killed or failed half-way goes on where it was', async () => {
  await sql('master', dump);
  await docker.run([
    'run',
    '--rm',
    '--label',
    label,
    '-v',
    `${stack}-files:/tree`,
    '--entrypoint',
    'sh',
    'jtel/acd-task-runner:3.43.1',
    '-c',
    'cp -r /opt/jtel/release-files/. /tree && chown -R 1000:1000 /tree',
  ]);
  const holding = sql('master', "DO GET_LOCK('jtel_update_hold', 0); DO SLEEP(3600)").catch(() => 'ended');
  const holder = await waitFor('the lock', async () => {
    const id = await sql('master', "SELECT IS_USED_LOCK('jtel_update_hold')");
    return id !== 'NULL' && id;
  });
  await startRunner('3.43.2', ['JTEL_UPDATE_HOLD_AT=2:2', 'JTEL_UPDATE_FAIL_AT=3:2']);
  await waitFor('the first step', async () => (await updates()).includes('2\t1\t0'));
  expect((await docker.tryRun(['exec', `${stack}-runner`, 'healthy'])).code).not.toBe(0);
  await docker.run(['kill', `${stack}-runner`]);
  await sql('master', `KILL ${holder}`);
  await holding;
  await docker.run(['start', `${stack}-runner`]);
  const failed = await ended('runner');
  expect(failed.code).toBe('1');
  expect(failed.log).toContain('as JTEL_UPDATE_FAIL_AT=3:2 asks');
  expect(await updates()).toBe('1\t1\t1\n2\t3\t1\n3\t1\t0');
  await startRunner('3.43.2');
  await healthy('runner');
  expect(await updates()).toBe('1\t1\t1\n2\t3\t1\n3\t2\t1');
  expect(await sql('master', "SELECT display_name FROM jtel.users WHERE login = 'ada'")).toBe('Ada Lovelace');
  expect(await docker.exec(`${stack}-runner`, ['cat', '/srv/jtel/files/VERSION'])).toBe('3.43.2');
});

test('an older task runner refuses the data of a newer one and changes nothing', async () => {
  await startRunner('3.43.1');
  const { code, log } = await ended('runner');
  expect(code).toBe('1');
  expect(log).toContain('the database has schema version 3 of release 3.43.2');
  expect(await updates()).toBe('1\t1\t1\n2\t3\t1\n3\t2\t1');
});

test('a replica copies its master, follows it, and starts over when the master was replaced', async () => {
  await start('replica', 'jtel/acd-dbs:3.43.1', ['--tmpfs', '/var/lib/mysql']);
  await healthy('replica');
  await sql('master', "INSERT INTO jtel.tenants (name) VALUES ('Later')");
  await waitFor(
    'the new row in the replica',
    async () => (await sql('replica', "SELECT COUNT(*) FROM jtel.tenants WHERE name = 'Later'")) === '1',
  );
  await startMaster();
  await sql('master', dump);
  await waitFor(
    'the replica to have the new master’s data',
    async () =>
      (await sql('replica', 'SELECT MAX(version) FROM jtel.schema_version').catch(() => '')) === '1',
    { timeoutSeconds: 90 },
  );
  await healthy('replica');
  expect(await sql('replica', "SELECT COUNT(*) FROM jtel.tenants WHERE name = 'Later'")).toBe('0');
});
