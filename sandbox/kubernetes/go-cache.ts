/** Programs of Go modules, built once and kept in the cache. */
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensureDocker } from '../../kit/docker-daemon.ts';
import { withLock } from '../../kit/lock.ts';
import { cacheDirectory, lockFile } from '../../kit/paths.ts';
import type { Progress } from '../../kit/progress.ts';
import { buildGoProgram, type GoProgram } from './go-build.ts';

export interface KeptProgram extends GoProgram {
  /** Where it is kept, below the cache; its last part is the program's name. It differs when its sources do. */
  readonly kept: string;
  /** What people read while it is built. */
  readonly title: string;
}

/** @returns the program's file. The first time it takes minutes, and downloads. */
export async function ensureGoProgram(program: KeptProgram, progress: Progress): Promise<string> {
  const file = join(cacheDirectory, program.kept);
  if (await isThere(file)) return file;
  // The lock has one name for all programs of a kind, because they share what was compiled.
  return await withLock(lockFile(program.kept.split('/')[0] ?? ''), async () => {
    if (await isThere(file)) return file;
    await mkdir(dirname(file), { recursive: true });
    const temporary = await mkdtemp(join(dirname(file), '.making-'));
    try {
      const made = join(temporary, basename(file));
      await progress.step(program.title, () =>
        buildGoProgram(() => ensureDocker(progress), program, made, progress),
      );
      await rename(made, file);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return file;
  });
}

async function isThere(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
