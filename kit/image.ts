/**
 * Builds images once per content. The inputs (context, Dockerfile, arguments, base image) are hashed, the
 * hash becomes a second tag, and a build does nothing if its hash exists.
 */
import { createHash, type Hash } from 'node:crypto';
import { readFile, readdir, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Docker } from './docker.ts';
import { withLock } from './lock.ts';
import { lockFile } from './paths.ts';

export interface ImageBuild {
  /** `repository:tag`. */
  readonly tag: string;
  /** Directory with everything that the build needs. All of it is hashed, except what `ignore` names. */
  readonly context: string;
  /** Default: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Images that the Dockerfile starts from; their ids are part of the hash. */
  readonly bases?: readonly string[];
  /**
   * Which paths (relative, with `/`) of the context belong to the build. Must agree with `.dockerignore`.
   * Default: all.
   */
  readonly includes?: (path: string) => boolean;
  /** Receives the build's output. */
  readonly logFile?: string;
}

/** The tag that an image was made for, so it can be removed when the tag has another image. */
export const tagLabel = 'jtel.de/sandbox-tag';

export interface BuiltImage {
  readonly tag: string;
  readonly id: string;
  /** False if the image existed already. */
  readonly built: boolean;
}

/** Builds an image unless one with the same inputs exists. `tag` points to it afterwards. */
export async function buildImage(docker: Docker, build: ImageBuild): Promise<BuiltImage> {
  const bases = await Promise.all(
    (build.bases ?? []).map(async (base) => {
      const id = await docker.imageID(base);
      if (id === undefined)
        throw new Error(`image ${build.tag} needs base image ${base}, which is not here; build that first`);
      return [base, id] as const;
    }),
  );
  const dockerfile = build.dockerfile ?? join(build.context, 'Dockerfile');
  const hash = createHash('sha256');
  hash.update(JSON.stringify([bases, Object.entries(build.buildArgs ?? {}).toSorted()]));
  hash.update(await readFile(dockerfile));
  await hashDirectory(hash, build.context, build.includes ?? (() => true));
  const args = Object.entries(build.buildArgs ?? {}).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const env = { ...process.env, DOCKER_BUILDKIT: '0' }; // buildx is not part of Debian's docker.io in bookworm
  const command = ['build', '-q', '--force-rm', '-f', dockerfile, ...args];
  return await tagOnce(docker, build.tag, hash.digest('hex'), async (hashTag) => {
    const log = build.logFile === undefined ? {} : { logFile: build.logFile };
    const quiet = build.logFile === undefined ? command : command.filter((word) => word !== '-q');
    const label = ['--label', `${tagLabel}=${build.tag}`];
    await docker.run([...quiet, ...label, '-t', hashTag, build.context], {
      env,
      timeoutSeconds: 1800,
      ...log,
    });
  });
}

/** Makes `tag` point to the image with this content hash; `make` builds it under the given tag. */
export async function tagOnce(
  docker: Docker,
  tag: string,
  contentHash: string,
  make: (hashTag: string) => Promise<void>,
): Promise<BuiltImage> {
  const hashTag = `${tag.slice(0, tag.lastIndexOf(':'))}:inputs-${contentHash.slice(0, 16)}`;
  const find = async (): Promise<string | undefined> => {
    const [id, tagged] = await Promise.all([docker.imageID(hashTag), docker.imageID(tag)]);
    if (id !== undefined && id !== tagged) await docker.run(['tag', hashTag, tag]);
    return id;
  };
  const present = await find();
  if (present !== undefined) return { tag, id: present, built: false };
  return await withLock(lockFile(`image-${tag}`), async () => {
    const meanwhile = await find();
    if (meanwhile !== undefined) return { tag, id: meanwhile, built: false };
    await make(hashTag);
    const id = await find();
    if (id === undefined) throw new Error(`image ${hashTag} was built but is not here`);
    await removeSuperseded(docker, tag, hashTag);
    return { tag, id, built: true };
  });
}

/** Removes earlier images of a tag, except those that a container or another image still needs. */
async function removeSuperseded(docker: Docker, tag: string, current: string): Promise<void> {
  const format = '{{.Repository}}:{{.Tag}}';
  const all = await docker.run(['images', '--filter', `label=${tagLabel}=${tag}`, '--format', format]);
  for (const name of all.split('\n')) {
    // Without force, Docker itself refuses to remove what is in use.
    if (name.includes(':inputs-') && name !== current) await docker.tryRun(['rmi', name]);
  }
}

/** Adds what a directory holds, folders in it too: paths below `root`, contents, and what is executable. */
export async function hashDirectory(
  hash: Hash,
  directory: string,
  includes: (path: string) => boolean = () => true,
  root = directory,
): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    const name = relative(root, path);
    if (!includes(name)) continue;
    if (entry.isDirectory()) await hashDirectory(hash, path, includes, root);
    else if (entry.isSymbolicLink()) hash.update(`${name}\0link\0${await readlink(path)}\0`);
    else if (entry.isFile()) {
      const executable = ((await stat(path)).mode & 0o111) !== 0;
      const content = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      hash.update(`${name}\0${executable ? 'x' : '-'}\0${content}\0`);
    }
  }
}
