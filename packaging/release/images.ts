/** The images of a release as OCI archives, with what is to be known of their Debian packages. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBaseImage, ensureNodeImage, nodeImage } from '../../kit/base-image.ts';
import type { Docker } from '../../kit/docker.ts';
import { run } from '../../kit/process.ts';
import type { Progress } from '../../kit/progress.ts';
import { debianCycloneDX, debianLicences, debianPackages, debianSPDX } from './debian.ts';
import { writeOCIArchive } from './oci.ts';
import type { Staging } from './staging.ts';

const images = [
  { name: 'jtel-operator', contents: 'operator', dockerfile: 'Dockerfile' },
  { name: 'toolbox', contents: 'toolbox', dockerfile: 'toolbox/Dockerfile' },
] as const;

export interface ImageOptions extends Staging {
  /** Staged sources. */
  readonly sources: string;
  /** Any Debian-like image with Node 24. */
  readonly base: string;
  readonly directory: string;
}

export interface ReleasedImage {
  /** `jtel-operator` or `toolbox`. */
  readonly name: string;
  readonly digest: string;
}

/** @returns digest of the base, for the provenance. */
export async function prepareBase(docker: Docker, progress: Progress, base: string): Promise<string> {
  if (base === nodeImage) {
    await ensureBaseImage(docker, progress);
    await ensureNodeImage(docker, progress);
  } else if ((await docker.imageID(base)) === undefined) await docker.run(['pull', '--quiet', base]);
  const format = '{{if .RepoDigests}}{{index .RepoDigests 0}}{{else}}{{.Id}}{{end}}';
  const found = await docker.run(['image', 'inspect', '--format', format, base]);
  return found.slice(found.indexOf('sha256:'));
}

/** Builds without Docker's cache: it would bring the packages of another day. */
export async function makeImages(
  docker: Docker,
  progress: Progress,
  options: ImageOptions,
): Promise<readonly ReleasedImage[]> {
  const made: ReleasedImage[] = [];
  for (const image of images)
    await progress.step(`image ${image.name}`, async () => {
      made.push({ name: image.name, digest: await makeImage(docker, image, options) });
    });
  return made;
}

async function makeImage(
  docker: Docker,
  { name, contents, dockerfile }: (typeof images)[number],
  { sources, base, directory, version, commit, epoch }: ImageOptions,
): Promise<string> {
  const work = await mkdtemp(join(directory, '.image-'));
  const image = `jtel-release/${name}:${version}`;
  try {
    const context = join(work, 'context');
    await run([process.execPath, join(sources, 'images/contexts.ts'), contents, join(context, 'ready')]);
    await cp(join(sources, dockerfile), join(context, dockerfile));
    const values = { BASE: base, VERSION: version, REVISION: commit };
    const buildArgs = Object.entries(values).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    const file = ['--file', join(context, dockerfile)];
    await docker.run(
      ['build', '--quiet', '--no-cache', '--force-rm', ...buildArgs, ...file, '--tag', image, context],
      {
        env: { ...process.env, DOCKER_BUILDKIT: '0' },
        timeoutSeconds: 1800,
      },
    );
    const platform = await docker.run(['image', 'inspect', '--format', '{{.Os}}-{{.Architecture}}', image]);
    const archive = join(directory, `${name}-image-${version}-${platform}.tar`);
    const digest = await writeOCIArchive(docker, { image, base, version, epoch, work }, archive);
    const described = { name, version, digest, packages: await debianPackages(docker, image) };
    await writeFile(join(directory, `sbom-${name}-image.cdx.json`), debianCycloneDX(described, epoch));
    await writeFile(join(directory, `sbom-${name}-image.spdx.json`), debianSPDX(described, epoch));
    await writeFile(join(directory, `licences-${name}-image.txt`), await debianLicences(docker, image));
    return digest;
  } finally {
    await docker.tryRun(['rmi', image]);
    await rm(work, { recursive: true, force: true });
  }
}
