/** A directory to build an image from, put together from several places. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from './paths.ts';

const buildDirectory = join(repositoryDirectory, '.sandbox/build');

/** Runs `work` with a new build context below `.sandbox/build/`, and removes it afterwards. */
export async function withContext<T>(
  name: string,
  assemble: (context: string) => Promise<void>,
  work: (context: string) => Promise<T>,
): Promise<T> {
  await mkdir(buildDirectory, { recursive: true });
  const context = await mkdtemp(join(buildDirectory, `${name}-`));
  try {
    await assemble(context);
    return await work(context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
