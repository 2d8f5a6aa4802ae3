/** Debian packages that the machine lacks: announced first, then installed. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from './progress.ts';
import { run, tryRun } from './process.ts';
import { lockFile } from './paths.ts';
import { withLock } from './lock.ts';
import { asRoot } from './privilege.ts';

/** Where to look for commands; a user's PATH often lacks the administrator's directories. */
const directories = [
  ...(process.env['PATH'] ?? '').split(':'),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
].filter(Boolean);

/** Full path of a command; undefined if the machine lacks it. */
export async function findCommand(command: string): Promise<string | undefined> {
  for (const directory of directories) {
    const path = join(directory, command);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/**
 * Installs packages with apt. A name that ends with `?` is left out if this Debian does not have it (trixie
 * split `docker-cli` from `docker.io`; bookworm has no such package).
 */
export async function installPackages(
  wanted: readonly string[],
  why: string,
  progress: Progress,
): Promise<void> {
  if ((await findCommand('apt-get')) === undefined) {
    throw new Error(
      `This machine lacks ${wanted.join(', ')} (${why}) and has no apt-get; install them by hand.`,
    );
  }
  const names = wanted.map((name) => name.replace(/\?$/, ''));
  progress.info(`Installing Debian packages (${why}): ${names.join(' ')}`);
  await progress.step(`Debian packages ${names.join(' ')}`, () =>
    withLock(lockFile('apt'), async () => {
      await run(await asRoot(['apt-get', 'update', '-q']));
      const available: string[] = [];
      for (const name of wanted) {
        if (!name.endsWith('?')) available.push(name);
        else if ((await tryRun(['apt-cache', 'show', name.slice(0, -1)])).code === 0)
          available.push(name.slice(0, -1));
      }
      // `env`, because sudo passes no variables on.
      const install = [
        'env',
        'DEBIAN_FRONTEND=noninteractive',
        'apt-get',
        'install',
        '-y',
        '-q',
        '--no-install-recommends',
      ];
      await run(await asRoot([...install, ...available]), { timeoutSeconds: 1200 });
    }),
  );
}
