/**
 * The plug-in as one file: Node with our code in it ("single executable application"). It needs nothing on the
 * machine that runs it.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleAsScript, noticesOf } from '../images/bundle.ts';
import { noticesFile } from '../images/notices.ts';
import { repositoryDirectory } from '../kit/paths.ts';
import { run } from '../kit/process.ts';
import type { PackagedFile, PackagedFiles } from './archive.ts';
import { completions, licence, pluginPage, type Edition } from './contents.ts';
import { nodeBinary, nodeLicence, ownPlatform, type Platform } from './node-binaries.ts';

/** Node's own name for the place, and the mark in its binary that says whether something lies there. */
const place = 'NODE_SEA_BLOB';
const mark = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Name of the executable in its archive. */
export const executableName = (platform: Platform): string =>
  platform.startsWith('windows') ? 'kubectl-jtel.exe' : 'kubectl-jtel';

/** What one platform's archive contains. */
export async function executablePackage(platform: Platform, edition: Edition): Promise<PackagedFiles> {
  const script = await bundleAsScript('kubectl-jtel/executable.ts');
  const files: readonly (readonly [string, PackagedFile])[] = [
    [executableName(platform), { content: await executable(platform, script.code), executable: true }],
    ['LICENSE', { content: licence }],
    [noticesFile, { content: `${await noticesOf([script])}\nNode:\n\n${await nodeLicence()}` }],
    ['man/kubectl-jtel.1', { content: pluginPage(edition) }],
    ...completions(['kubectl-jtel']),
  ];
  return new Map(files);
}

async function executable(platform: Platform, script: string): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'executable-'));
  try {
    // Relative names, because the name of the script becomes part of the result.
    await writeFile(join(directory, 'kubectl-jtel.cjs'), script);
    await writeFile(join(directory, 'sea.json'), JSON.stringify(settings(platform)));
    // Without a fixed seed, no two caches of compiled code are the same. Of the options that fix it, this is the
    // one with which Node still accepts the cache when it runs without that option.
    await run([process.execPath, '--random-seed=1', '--experimental-sea-config', 'sea.json'], {
      cwd: directory,
    });
    await writeFile(join(directory, 'node'), await nodeBinary(platform));
    const postject = join(repositoryDirectory, 'node_modules/postject/dist/cli.js');
    await run([process.execPath, postject, 'node', place, 'blob', '--sentinel-fuse', mark], {
      cwd: directory,
    });
    return await readFile(join(directory, 'node'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function settings(platform: Platform): object {
  return {
    main: 'kubectl-jtel.cjs',
    output: 'blob',
    disableExperimentalSEAWarning: true,
    // Compiled code starts in half of the time. It must come from the same Node, so others compile at each start.
    useCodeCache: platform === ownPlatform(),
    // NODE_OPTIONS are for another Node.
    execArgvExtension: 'none',
  };
}
