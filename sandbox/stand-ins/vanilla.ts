/**
 * Vanilla data of a stand-in release, made as jtel's build process would: a real MariaDB takes schema, first
 * rows and all updates up to the release, and is dumped; the file tree is packed. Made once per content, kept
 * in the cache.
 */
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { pack } from 'tar-stream';
import { sandboxLabel } from '../../kit/docker.ts';
import type { Docker } from '../../kit/docker.ts';
import { cacheDirectory } from '../../kit/paths.ts';
import { poll } from '../../kit/poll.ts';
import { parseUpdate } from './node/src/update/updates.ts';
import { releasesDirectory, standInsDirectory, updateFiles } from './contexts.ts';
import { releaseFiles } from './release-files.ts';

/** Change it if this file makes other data from the same inputs. */
const generation = 1;
const compress = promisify(zstdCompress);
const options = { params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 } };

/**
 * Puts `database.sql.zst` and `files.tar.zst` of a release into a directory.
 * @param databaseImage an acd-dbm stand-in (any release): the server that makes the dump.
 */
export async function makeVanilla(
  docker: Docker,
  databaseImage: string,
  release: string,
  directory: string,
): Promise<void> {
  const sql = await statements(release);
  const files = releaseFiles(release);
  const hash = createHash('sha256').update(JSON.stringify([generation, sql]));
  for (const [path, content] of files) hash.update(`${path}\0`).update(content);
  const cache = join(cacheDirectory, 'vanilla', `${release}-${hash.digest('hex').slice(0, 16)}`);
  if ((await stat(cache).catch(() => undefined)) === undefined) {
    await mkdir(join(cacheDirectory, 'vanilla'), { recursive: true });
    const work = await mkdtemp(join(cacheDirectory, 'vanilla/new-'));
    try {
      await writeFile(
        join(work, 'database.sql.zst'),
        await compress(Buffer.from(await dump(docker, databaseImage, sql)), options),
      );
      await writeFile(join(work, 'files.tar.zst'), await compress(await packFiles(files), options));
      // Somebody else may have made the same meanwhile; theirs is as good.
      await rename(work, cache).catch(async (error: unknown) => {
        if ((await stat(cache).catch(() => undefined)) === undefined) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  await mkdir(directory, { recursive: true });
  await cp(cache, directory, { recursive: true });
}

/** Everything that makes the release's database out of nothing, in order. */
async function statements(release: string): Promise<string> {
  const parts = [
    await readFile(join(releasesDirectory, '3.43.1/schema.sql'), 'utf8'),
    await readFile(join(standInsDirectory, 'demo-data/demo.sql'), 'utf8'),
  ];
  for (const file of await updateFiles(release)) {
    const update = parseUpdate(basename(file), await readFile(file, 'utf8'));
    const steps = update.steps.length;
    parts.push(
      ...update.steps.flatMap((step) => step.statements.map((statement) => `${statement};\n`)),
      `INSERT INTO jtel.schema_version VALUES (${update.version}, '${update.name}', '${release}', ${steps}, ${steps}, '2026-01-05 06:00:02', '2026-01-05 06:00:03');\n`,
    );
  }
  return parts.join('\n');
}

async function dump(docker: Docker, image: string, sql: string): Promise<string> {
  const name = `jtel-vanilla-${randomBytes(4).toString('hex')}`;
  const secrets = await mkdtemp(join(cacheDirectory, 'vanilla/secrets-'));
  const client = '--defaults-file=/dev/shm/jtel/client.cnf';
  try {
    for (const secret of ['database-root-password', 'database-app-password']) {
      await writeFile(join(secrets, secret), randomBytes(16).toString('hex'), { mode: 0o600 });
    }
    await docker.run([
      'run',
      '-d',
      '--name',
      name,
      '--label',
      `${sandboxLabel}=build`,
      '--network',
      'none',
      '--tmpfs',
      '/var/lib/mysql',
      '-v',
      `${secrets}:/run/secrets:ro`,
      image,
    ]);
    await poll(
      'the database that makes vanilla data',
      60,
      async () => (await docker.tryRun(['exec', name, 'healthy'])).code === 0,
    );
    await docker.exec(name, ['mariadb', client], { input: sql });
    const result = await docker.exec(name, [
      'mariadb-dump',
      client,
      '--single-transaction',
      '--routines',
      '--triggers',
      '--skip-dump-date',
      '--databases',
      'jtel',
      'jtelstats',
    ]);
    if (!/^-- Dump completed$/m.test(result.slice(-200)))
      throw new Error('the dump of the vanilla database has no end marker');
    return `${result}\n`;
  } finally {
    await docker.remove(name);
    await rm(secrets, { recursive: true, force: true });
  }
}

/**
 * A tar in which directories come before their content, all with one time and owner, so the same files give
 * the same bytes.
 */
async function packFiles(files: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  const archive = pack();
  const attributes = { mtime: new Date('2026-01-05T06:00:00Z'), uid: 1000, gid: 1000, uname: '', gname: '' };
  const directories = new Set<string>();
  for (const path of files.keys()) {
    const parts = path.split('/').slice(0, -1);
    for (const [index] of parts.entries()) directories.add(parts.slice(0, index + 1).join('/'));
  }
  for (const name of [...directories].toSorted())
    archive.entry({ ...attributes, name, type: 'directory', mode: 0o755 });
  for (const [name, content] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    archive.entry({ ...attributes, name, type: 'file', mode: 0o644 }, content);
  }
  archive.finalize();
  return await buffer(archive);
}
