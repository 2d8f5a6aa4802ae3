/**
 * The single executable and the manifest for krew, as people have them: krew's own validator installs every
 * platform with the real krew from a server on this machine, and what krew installed here is run. That they are
 * made the same again is for the campaign `release`.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, tryRun } from '../../../kit/process.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { ownPlatform } from '../../../packaging/node-binaries.ts';
import { makePackages } from '../../../packaging/packages.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { ensureKrew } from '../../support/krew.ts';
import { storeStack } from '../../support/stored-stacks.ts';

const platform = ownPlatform();
if (platform === undefined) throw new Error(`no executable is made for ${process.platform} ${process.arch}`);
let cluster: TestCluster;
let directory: string;
let server: Server;
let env: NodeJS.ProcessEnv;
let validator: string;
let plugin: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'executable-'));
  server = createServer((request, response) => {
    createReadStream(join(directory, basename(request.url ?? '')))
      .on('error', () => response.writeHead(404).end())
      .pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await makePackages({ directory, time: new Date('2026-11-29T12:00:00Z'), platforms: [platform], uri });

  const built = await ensureKrew();
  validator = built.validator;
  cluster = await openCluster('executable');
  await installCRDs(cluster.client);
  await storeStack(cluster.client, cluster.namespace, { name: 'acme', status: { phase: 'Ready' } });
  const kubectl = (await Kubectl.find(cluster.kubeconfig)).binary;
  const root = join(directory, 'krew');
  plugin = join(root, 'bin/kubectl-jtel');
  // Nothing else: there is no Node, which the executable brings.
  const path = [join(root, 'bin'), dirname(built.krew), dirname(kubectl)];
  env = { HOME: directory, KREW_ROOT: root, PATH: path.join(delimiter), KUBECONFIG: cluster.kubeconfig };
  await run(['kubectl', 'krew', 'install', `--manifest=${join(directory, 'jtel.yaml')}`], { env });
}, 300_000);
afterAll(async () => {
  server?.close();
  await cluster?.close();
  await rm(directory, { recursive: true, force: true });
});

describe('the manifest', () => {
  it('is taken by krew’s own validator, which installs every platform', async () => {
    const { code, stderr } = await tryRun([validator, '-manifest', join(directory, 'jtel.yaml')], { env });
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/all 2 spec.platforms installed fine/) as string,
    });
  });

  it('names what was made: krew refuses anything else', async () => {
    const other = join(directory, 'other');
    await mkdir(other);
    const text = await readFile(join(directory, 'jtel.yaml'), 'utf8');
    const wrong = text.replaceAll(/sha256: \w{4}/g, 'sha256: 0000');
    await writeFile(join(other, 'jtel.yaml'), wrong);
    const { code, stderr } = await tryRun([validator, '-manifest', join(other, 'jtel.yaml')], { env });
    expect(code).not.toBe(0);
    expect(stderr).toContain('checksum does not match');
  });
});

describe('the executable that krew installed', () => {
  it('runs by kubectl, without a Node in the PATH', async () => {
    const words = ['kubectl', 'jtel', 'status', '-n', cluster.namespace];
    expect(await run(words, { env })).toMatch(/acme +.*Ready/);
    expect((await tryRun(['kubectl', 'jtel', 'fly'], { env })).code).toBe(2);
  });

  it('says its version and nothing else, also when NODE_OPTIONS are set', async () => {
    const result = await tryRun([plugin, 'version', '--client'], {
      env: { ...env, NODE_OPTIONS: '--title=other' },
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain(`kubectl-jtel ${manifest.version}`);
  });

  it('completes under the name by which kubectl asks', async () => {
    await symlink('kubectl-jtel', join(dirname(plugin), 'kubectl_complete-jtel'));
    const answer = await run(['kubectl', '__complete', 'jtel', 'hist'], { env });
    expect(answer).toMatch(/^history\t/);
  });
});
