/** Images of a release, with the real Docker Engine and Debian's skopeo and cosign. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseImage } from '../../../kit/base-image.ts';
import type { Docker } from '../../../kit/docker.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { debianLicences, debianPackages } from '../../../packaging/release/debian.ts';
import { writeOCIArchive } from '../../../packaging/release/oci.ts';
import { sha256Of } from '../../../packaging/release/checksums.ts';
import { ensureReleaseTools, type ReleaseTools } from '../../../packaging/release/tools.ts';

const epoch = 1_780_000_000;
const image = 'jtel-release/tried:1.0.0';
let docker: Docker;
let tools: ReleaseTools;
let work: string;

beforeAll(async () => {
  docker = await ensureDocker(lineProgress());
  tools = await ensureReleaseTools(docker, lineProgress());
  work = await mkdtemp(join(tmpdir(), 'release-images-'));
});
afterAll(async () => {
  await docker.tryRun(['rmi', image]);
  await rm(work, { recursive: true, force: true });
});

/** Builds as a release does, without the cache, and with a file in it that is as old as the build. */
async function build(name: string): Promise<{ readonly digest: string; readonly sha256: string }> {
  const context = join(work, name);
  await mkdir(context);
  await writeFile(join(context, 'file'), 'copied');
  const steps = ['RUN mkdir /made && echo made > /made/file && ln -s file /made/link', 'COPY file /copied'];
  const text = [`FROM ${baseImage}`, ...steps, 'LABEL a=b', 'USER 1000', 'CMD ["true"]'].join('\n');
  await writeFile(join(context, 'Dockerfile'), text);
  await docker.run(['build', '--quiet', '--no-cache', '--tag', image, context], {
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
  });
  const file = join(work, `${name}.tar`);
  const options = { image, base: baseImage, version: '1.0.0', epoch, work };
  const digest = await writeOCIArchive(docker, options, file);
  return { digest, sha256: await sha256Of(file) };
}

test('two builds give the same bytes, and other tools read them', async () => {
  const [first, second] = [await build('first'), await build('second')];
  expect(second).toEqual(first);

  const inspected = JSON.parse(
    await tools.run(work, ['skopeo', 'inspect', 'oci-archive:first.tar:1.0.0']),
  ) as { Digest: string; Labels: object; Created: string };
  expect(inspected).toMatchObject({ Digest: first.digest, Labels: { a: 'b' } });
  expect(Date.parse(inspected.Created)).toBe(epoch * 1000);

  // Docker runs it, from the format that it reads.
  await tools.run(work, [
    'skopeo',
    'copy',
    'oci-archive:first.tar:1.0.0',
    `docker-archive:loaded.tar:${image}`,
  ]);
  await docker.run(['rmi', image]);
  await docker.run(['load', '--input', join(work, 'loaded.tar')]);
  const shown = await docker.run([
    'run',
    '--rm',
    image,
    'sh',
    '-c',
    'id -u; cat /copied /made/link; stat -c %Y /made/file',
  ]);
  expect(shown).toBe(`1000\ncopiedmade\n${epoch}`);
});

test('an image tells its Debian packages and their licences', async () => {
  const packages = await debianPackages(docker, baseImage);
  expect(packages).toContainEqual(expect.objectContaining({ name: 'libc6', source: 'glibc' }));
  const licences = await debianLicences(docker, baseImage);
  for (const { name } of packages.slice(0, 20)) expect(licences).toContain(`==== ${name} ====`);
  expect(licences).toContain('==== common-licenses/GPL-2 ====');
  expect(licences).toContain('GNU GENERAL PUBLIC LICENSE');
});
