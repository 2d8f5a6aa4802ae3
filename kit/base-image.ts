/**
 * Makes the base of all images here, because no image registry may be reachable: Debian by debootstrap, and
 * the newest one with the Node that npm installed.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, cp, link, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from './docker.ts';
import { buildImage, tagLabel, tagOnce } from './image.ts';
import { cacheDirectory, repositoryDirectory } from './paths.ts';
import type { Progress } from './progress.ts';
import { run } from './process.ts';
import { readAptSettings } from './apt-sources.ts';
import type { AptSettings } from './apt-sources.ts';
import { findCommand, installPackages } from './packages.ts';
import { asRoot } from './privilege.ts';

export type DebianSuite = 'bookworm' | 'trixie';
export const baseImage = baseImageOf('trixie');
export const nodeImage = 'jtel-sandbox/node:24';
const machineCertificates = '/usr/local/share/ca-certificates';

export function baseImageOf(suite: DebianSuite): string {
  return `jtel-sandbox/base:${suite}`;
}

/** Makes the base image of that Debian unless it exists; takes 13–45 s the first time. */
export async function ensureBaseImage(
  docker: Docker,
  progress: Progress,
  suite: DebianSuite = 'trixie',
): Promise<void> {
  const base = baseImageOf(suite);
  const settings = await readAptSettings();
  const script = join(import.meta.dirname, 'images/base/build.sh');
  const inputs = JSON.stringify([settings, await readFile(script, 'utf8'), suite]);
  const hash = createHash('sha256').update(inputs).digest('hex');
  await progress.step(`image ${base}`, async (note) => {
    const image = await tagOnce(docker, base, hash, async (hashTag) => {
      if ((await findCommand('debootstrap')) === undefined) {
        await installPackages(['debootstrap'], 'to make the base image', progress);
      }
      await makeBase(docker, settings, suite, script, hashTag);
    });
    note(image.built ? 'built' : 'already there');
  });
}

/** Makes {@link nodeImage} unless it exists; needs the base image. */
export async function ensureNodeImage(docker: Docker, progress: Progress): Promise<void> {
  await progress.step(`image ${nodeImage}`, async (note) => {
    const context = await mkdtemp(join(await privateCache('tmp'), 'node-'));
    try {
      await cp(join(import.meta.dirname, 'images/node'), context, { recursive: true });
      const node = join(repositoryDirectory, 'node_modules/node/bin/node');
      await link(node, join(context, 'node')).catch(() => copyFile(node, join(context, 'node')));
      const image = await buildImage(docker, { tag: nodeImage, context, bases: [baseImage] });
      note(image.built ? 'built' : 'already there');
    } finally {
      await rm(context, { recursive: true, force: true });
    }
  });
}

async function makeBase(
  docker: Docker,
  settings: AptSettings,
  suite: DebianSuite,
  script: string,
  tag: string,
): Promise<void> {
  // Not below /tmp, which may be mounted nodev: debootstrap needs device files.
  const work = await mkdtemp(join(await privateCache('tmp'), 'base-'));
  try {
    await writeFile(join(work, 'sources.list'), sourcesList(settings, suite));
    await writeFile(join(work, 'apt.conf'), settings.configuration);
    await cp(machineCertificates, join(work, 'certificates'), { recursive: true }).catch(() => {});
    await chmod(work, 0o755);
    const archive = join(work, 'root.tar');
    const command = await asRoot([script, suite, settings.mirror, work]);
    const file = await open(archive, 'w');
    const log = await open(join(cacheDirectory, 'base-image.log'), 'w', 0o600);
    const child = spawn(command[0] ?? script, command.slice(1), { stdio: ['ignore', file.fd, log.fd] });
    const [code] = (await once(child, 'close')) as [number];
    await file.close();
    await log.close();
    if (code !== 0)
      throw new Error(
        `debootstrap ended with code ${code}; its output is in ${cacheDirectory}/base-image.log`,
      );
    await docker.run([
      'import',
      '--change',
      'CMD ["bash"]',
      '--change',
      'ENV LANG=C.UTF-8',
      '--change',
      `LABEL ${tagLabel}=${baseImageOf(suite)}`,
      archive,
      tag,
    ]);
  } finally {
    await run(await asRoot(['rm', '-rf', '--one-file-system', work]));
  }
}

function sourcesList({ mirror, securityMirror }: AptSettings, suite: DebianSuite): string {
  const lines = [`deb ${mirror} ${suite} main`, `deb ${mirror} ${suite}-updates main`];
  if (securityMirror !== undefined) lines.push(`deb ${securityMirror} ${suite}-security main`);
  return lines.map((line) => `${line}\n`).join('');
}

async function privateCache(name: string): Promise<string> {
  const path = join(cacheDirectory, name);
  await mkdir(path, { recursive: true });
  return path;
}
