/**
 * Signs the files that vouch for all others: `SHA256SUMS` for the artefacts, `IMAGES` for the images. With a
 * key of one's own and without a transparency log, so nothing of a release is told to anybody.
 */
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseTools } from './tools.ts';

/** Of the key that made the signatures. */
const publicKeyFile = 'cosign.pub';

/**
 * Writes `FILE.sig` for each file.
 * @param key private key, as `cosign generate-key-pair` makes it
 * @param password of the key
 */
export async function sign(
  tools: ReleaseTools,
  directory: string,
  files: readonly string[],
  { key, password }: { readonly key: string; readonly password: string },
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'signing-'));
  // cosign writes signatures for their owner alone, and a release is for everybody.
  const publish = async (file: string): Promise<void> => {
    await copyFile(join(work, file), join(directory, file));
    await chmod(join(directory, file), 0o644);
  };
  try {
    await copyFile(key, join(work, 'cosign.key'));
    for (const file of files) {
      await copyFile(join(directory, file), join(work, file));
      const signing = ['cosign', 'sign-blob', '--yes', '--key', 'cosign.key', '--tlog-upload=false'];
      await tools.run(work, [...signing, '--output-signature', `${file}.sig`, file], password);
      await publish(`${file}.sig`);
    }
    const publicKey = ['cosign', 'public-key', '--key', 'cosign.key', '--outfile', publicKeyFile];
    await tools.run(work, publicKey, password);
    await publish(publicKeyFile);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
