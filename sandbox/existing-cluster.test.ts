import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { chooseCluster, chosenCluster } from './existing-cluster.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cluster-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('remembers an existing cluster until the sandbox has its own', async () => {
  const kubeconfig = join(directory, 'theirs');
  await writeFile(kubeconfig, '');
  expect(await chooseCluster(directory, kubeconfig)).toBe(kubeconfig);
  expect(await chosenCluster(directory)).toBe(kubeconfig);
  await chooseCluster(directory, undefined);
  expect(await chosenCluster(directory)).toBeUndefined();
});

it('refuses a kubeconfig that is not there', async () => {
  await expect(chooseCluster(directory, join(directory, 'gone'))).rejects.toThrow(
    /gone cannot be read; without --kubeconfig/,
  );
});
