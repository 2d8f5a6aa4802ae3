/** Makes all files of a release from a commit, in an empty directory. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Docker } from '../../kit/docker.ts';
import { run } from '../../kit/process.ts';
import type { Progress } from '../../kit/progress.ts';
import { digestsOf, sha256Of, sums } from './checksums.ts';
import { makeImages, prepareBase } from './images.ts';
import { provenance } from './provenance.ts';
import { stage, type Staging } from './staging.ts';

export interface ReleaseOptions extends Staging {
  /** Where the files go. */
  readonly directory: string;
  /** Says in the provenance who built it. */
  readonly builder: string;
  /** Where the files will be fetched from; without it there is no manifest for krew. */
  readonly uri?: string;
  /** Without it, what takes long is left out: images, and executables of all platforms. */
  readonly images?: { readonly docker: Docker; readonly base: string };
}

export async function makeRelease(options: ReleaseOptions, progress: Progress): Promise<void> {
  const { directory, version, commit, epoch, builder } = options;
  const parent = await mkdtemp(join(tmpdir(), 'release-'));
  const sources = join(parent, 'sources');
  try {
    await stage(sources, options);
    const command = [process.execPath, join(sources, 'packaging/release/artefacts.ts'), directory];
    if (options.images !== undefined) command.push('--executables');
    if (options.uri !== undefined) command.push('--uri', options.uri);
    await progress.step('packages, chart, manifests, licences', () =>
      run(command, { env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) } }),
    );
    const lock = await sha256Of(join(sources, 'package-lock.json'));
    const inputs = [{ uri: 'file:package-lock.json', digest: { sha256: lock } }];
    if (options.images !== undefined) {
      const { docker, base } = options.images;
      const digest = await prepareBase(docker, progress, base);
      inputs.push({ uri: `pkg:docker/${base}`, digest: { sha256: digest.replace('sha256:', '') } });
      const made = await makeImages(docker, progress, { ...options, sources, base });
      const lines = made.map((image) => `${image.name}:${version}@${image.digest}\n`);
      await writeFile(join(directory, 'IMAGES'), lines.join(''));
    }
    await writeFile(join(directory, 'VERSION'), `${version}\n`);
    const artefacts = await digestsOf(directory);
    const statement = provenance({ version, commit, epoch, builder, artefacts, inputs });
    await writeFile(join(directory, 'provenance.intoto.json'), statement);
    await writeFile(join(directory, 'SHA256SUMS'), sums(await digestsOf(directory)));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}
