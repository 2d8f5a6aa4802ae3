/**
 * The vendor's part: images in the registry, and releases in the vendor's store, published by the command
 * that the vendor's build runs.
 */
import { createPrivateKey, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { assembleCheckedRelease } from '../stand-ins/checked-release.ts';
import { assembleDatabaseReleases } from '../stand-ins/database-releases.ts';
import { assembleReleases } from '../stand-ins/releases.ts';
import { buildOlderDatabase, buildStandIns } from '../stand-ins/images.ts';
import { buildToolbox } from '../../images/images.ts';
import type { Docker } from '../../kit/docker.ts';
import type { BuiltImage } from '../../kit/image.ts';
import type { Progress, PushedImage, Sandbox } from '../index.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { CommandError, run } from '../../kit/process.ts';

export interface PublishedProduct {
  /** The toolbox as the operator gets it: pinned by digest. */
  readonly toolbox: string;
  readonly images: readonly PushedImage[];
}

/** Builds and pushes what stacks are made of, and publishes the releases. Leaves existing ones alone. */
export async function publishProduct(sandbox: Sandbox, progress: Progress): Promise<PublishedProduct> {
  const built = [
    ...(await buildStandIns(sandbox.docker, progress)),
    await buildToolbox(sandbox.docker, progress),
  ];
  const images = await pushImages(sandbox, progress, built);
  await publishReleases(sandbox, progress, assembleReleases);
  const toolbox = images.at(-1);
  if (toolbox === undefined) throw new Error('the toolbox was not pushed');
  return { toolbox: `${toolbox.repository}:${toolbox.tag}@${toolbox.digest}`, images };
}

/**
 * Publishes the releases with other databases ({@link assembleDatabaseReleases}), which few tests need. Call
 * it after {@link publishProduct}, whose images they use.
 */
export async function publishDatabaseReleases(sandbox: Sandbox, progress: Progress): Promise<void> {
  await pushImages(sandbox, progress, [await buildOlderDatabase(sandbox.docker, progress)]);
  await publishReleases(sandbox, progress, assembleDatabaseReleases);
}

/** Publishes the release with smoke checks ({@link assembleCheckedRelease}), after {@link publishProduct}. */
export async function publishCheckedRelease(sandbox: Sandbox, progress: Progress): Promise<void> {
  await publishReleases(sandbox, progress, assembleCheckedRelease);
}

async function pushImages(
  sandbox: Sandbox,
  progress: Progress,
  built: readonly BuiltImage[],
): Promise<readonly PushedImage[]> {
  return await progress.step('images in the registry', async (note) => {
    const pushed: PushedImage[] = [];
    for (const { tag } of built) {
      const [path = '', version = ''] = tag.split(':');
      pushed.push(await sandbox.registry.push(tag, path, version));
    }
    note(`${pushed.length} images`);
    return pushed;
  });
}

type Assemble = (docker: Docker, directory: string) => Promise<ReadonlyMap<string, string>>;

async function publishReleases(sandbox: Sandbox, progress: Progress, assemble: Assemble): Promise<void> {
  const directory = await mkdtemp(join(sandbox.directory, 'releases-'));
  try {
    const releases = await progress.step('release directories', () => assemble(sandbox.docker, directory));
    for (const [version, path] of releases) {
      await progress.step(`release ${version} in the vendor store`, async (note) =>
        note(await publishOrReplace(sandbox, directory, version, path)),
      );
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * A published release never changes. A sandbox's stand-ins do while people work on them, so here the old one
 * is replaced.
 */
async function publishOrReplace(
  sandbox: Sandbox,
  directory: string,
  version: string,
  path: string,
): Promise<string> {
  try {
    return await publishRelease(sandbox, directory, path);
  } catch (error) {
    if (
      !(
        error instanceof CommandError &&
        /is already published in .* and differs|from an earlier attempt that did not finish/.test(
          error.stderr,
        )
      )
    )
      throw error;
  }
  const { endpoint, account, key, container } = sandbox.blob.vendor;
  const client = new ContainerClient(
    `${endpoint}/${container}`,
    new StorageSharedKeyCredential(account, key),
  );
  for await (const { name } of client.listBlobsFlat({ prefix: `releases/${version}/` }))
    await client.deleteBlob(name);
  return `${await publishRelease(sandbox, directory, path)}, its images had changed`;
}

/** What lies beside a manifest in the vendor store. For tests that put one there themselves. */
export async function signAsVendor(sandbox: Sandbox, manifest: Buffer): Promise<string> {
  const key = createPrivateKey(await readFile(sandbox.releaseKeyFiles.signing));
  return sign(null, manifest, key).toString('base64');
}

/** Runs `jtel-operator release publish`. Credentials are passed in files, never as arguments. */
async function publishRelease(sandbox: Sandbox, directory: string, path: string): Promise<string> {
  const { vendor } = sandbox.blob;
  const credentials = join(directory, 'store-credentials.json');
  const password = join(directory, 'registry-password');
  const { endpoint, account: accountName, key: accountKey } = vendor;
  await writeFile(credentials, JSON.stringify({ endpoint, accountName, accountKey }), { mode: 0o600 });
  await writeFile(password, sandbox.registry.password, { mode: 0o600 });
  const command = [
    process.execPath,
    join(repositoryDirectory, 'operator/bin/jtel-operator'),
    'release',
    'publish',
    path,
  ];
  const store = [
    '--endpoint',
    vendor.endpoint,
    '--container',
    vendor.container,
    '--credentials-file',
    credentials,
  ];
  const registry = [
    '--registry',
    sandbox.registry.address,
    '--registry-endpoint',
    sandbox.registry.url,
    '--registry-user',
    sandbox.registry.username,
  ];
  const printed = await run(
    [
      ...command,
      ...store,
      ...registry,
      '--registry-password-file',
      password,
      '--signing-key-file',
      sandbox.releaseKeyFiles.signing,
      '-o',
      'json',
    ],
    { timeoutSeconds: 300 },
  );
  return (JSON.parse(printed) as { outcome?: string }).outcome ?? 'done';
}
