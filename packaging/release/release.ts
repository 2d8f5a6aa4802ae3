/**
 * `make release VERSION=x.y.z`: everything that a stranger needs to install a version and to trust it, in
 * `dist/` (docs/releases.md). Reads from the environment:
 *   VERSION         what is released; CHANGELOG.md has an entry for it
 *   KEY             private key of cosign, COSIGN_PASSWORD its password; without a key nothing is signed
 *   BASE            image with Node 24 that the images begin with
 *   URI             where the files will be fetched from, for krew; without it there is no manifest for krew
 *   BUILDER         says in the provenance who built it
 */
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import published from '../published.json' with { type: 'json' };
import { ensureDocker } from '../../kit/docker-daemon.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { lineProgress } from '../../kit/progress.ts';
import { run } from '../../kit/process.ts';
import { makeRelease } from './make.ts';
import { sign } from './signing.ts';
import { commitOfHead, epochOf } from './staging.ts';
import { ensureReleaseTools } from './tools.ts';
import { obstaclesOf } from './version.ts';

const dist = join(repositoryDirectory, 'dist');

async function git(...words: string[]): Promise<readonly string[]> {
  const printed = await run(['git', '-C', repositoryDirectory, ...words]);
  return printed.split('\n').filter(Boolean);
}

/** Tags `vX.Y.Z` with the commits that they name. */
async function tagged(): Promise<Readonly<Record<string, string>>> {
  const format = '%(refname:strip=2) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)';
  const lines = await git('for-each-ref', `--format=${format}`, 'refs/tags/v*');
  return Object.fromEntries(lines.map((line) => line.slice(1).split(' ') as [string, string]));
}

async function main(environment: NodeJS.ProcessEnv): Promise<number> {
  const { VERSION: version = '', KEY: key, BASE: base, URI: uri, BUILDER: builder } = environment;
  const commit = await commitOfHead();
  const inDist = await readFile(join(dist, 'VERSION'), 'utf8').catch(() => undefined);
  const obstacles = obstaclesOf({
    version,
    commit,
    changedFiles: (await git('status', '--porcelain')).map((line) => line.slice(3)),
    published: { ...published, ...(await tagged()) },
    changelog: await readFile(join(repositoryDirectory, 'CHANGELOG.md'), 'utf8'),
    ...(inDist === undefined ? {} : { inDist: inDist.trim() }),
  });
  if (obstacles.length > 0) {
    for (const obstacle of obstacles) console.error(`cannot release: ${obstacle}`);
    return 1;
  }
  const progress = lineProgress();
  const docker = await ensureDocker(progress);
  await mkdir(join(repositoryDirectory, '.sandbox'), { recursive: true });
  const directory = await mkdtemp(join(repositoryDirectory, '.sandbox/release-'));
  try {
    const images = { docker, base: base || 'node:24-trixie-slim' };
    await makeRelease(
      {
        version,
        commit,
        epoch: await epochOf(commit),
        directory,
        images,
        builder: builder || 'https://jtel.de/jtel-operator/by-hand',
        ...(uri ? { uri } : {}),
      },
      progress,
    );
    if (key) {
      const tools = await ensureReleaseTools(docker, progress);
      const password = environment['COSIGN_PASSWORD'] ?? '';
      await sign(tools, directory, ['SHA256SUMS', 'IMAGES'], { key, password });
    }
    await chmod(directory, 0o755);
    await rm(dist, { recursive: true, force: true });
    await rename(directory, dist);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  console.log(`dist/ has ${version}${key ? '' : ', not signed: KEY=cosign.key signs it'}`);
  return 0;
}

process.exitCode = await main(process.env);
