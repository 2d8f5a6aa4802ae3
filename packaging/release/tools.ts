/** Debian's cosign and skopeo in a container without network: a release is signed and checked without one. */
import { join } from 'node:path';
import { baseImage, ensureBaseImage } from '../../kit/base-image.ts';
import type { Docker } from '../../kit/docker.ts';
import { buildImage } from '../../kit/image.ts';
import type { Progress } from '../../kit/progress.ts';

const image = 'jtel-sandbox/release-tools:trixie';

export interface ReleaseTools {
  /**
   * Runs `cosign …` or `skopeo …` in a directory of this machine.
   * @param input e.g. the password of a key, which must be in no argument
   */
  run(directory: string, command: readonly string[], input?: string): Promise<string>;
}

export async function ensureReleaseTools(docker: Docker, progress: Progress): Promise<ReleaseTools> {
  await ensureBaseImage(docker, progress);
  await progress.step(`image ${image}`, async (note) => {
    const context = join(import.meta.dirname, 'tools');
    note(
      (await buildImage(docker, { tag: image, context, bases: [baseImage] })).built
        ? 'built'
        : 'already there',
    );
  });
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return {
    run: (directory, command, input = '') =>
      docker.run(
        [
          ['run', '--rm', '--interactive', '--network', 'none', '--user', user],
          ['--mount', `type=bind,src=${directory},dst=/work`, '--workdir', '/work', '--env', 'HOME=/tmp'],
          [image, ...command],
        ].flat(),
        { input },
      ),
  };
}
