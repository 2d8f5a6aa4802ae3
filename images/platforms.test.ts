/**
 * What keeps the images from being built for another processor: a step of a Dockerfile that names one, or a package whose
 * compiled part comes for one alone. No image for arm64 is built here.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repositoryDirectory } from '../kit/paths.ts';
import { packagesNeeded, readLockFile, toolboxPackages } from './packages.ts';

it.each(['Dockerfile', 'toolbox/Dockerfile'])('%s names no processor', async (name) => {
  const text = await readFile(join(repositoryDirectory, name), 'utf8');
  expect(text).not.toMatch(/amd64|x86|x64|arm64|aarch64|--platform|dpkg --print-architecture|uname -m/);
});

it('each compiled package of the toolbox is there for arm64, too', async () => {
  const lock = await readLockFile(repositoryDirectory);
  const { packages } = lock;
  const compiled = packagesNeeded(lock, toolboxPackages).filter(
    (path) => packages[path]?.os?.[0] === 'linux',
  );
  const ofProcessor = (cpu: string): readonly string[] =>
    compiled.filter((path) => packages[path]?.cpu?.[0] === cpu).map((path) => path.replace(cpu, ''));
  expect(ofProcessor('x64').length).toBeGreaterThan(0);
  expect(ofProcessor('arm64')).toEqual(ofProcessor('x64'));
});
