/** `kubectl jtel report` against a real API server: what is in the archive, and that no secret is. */
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { run } from '../../../kit/process.ts';
import { secrets } from '../../../runtime/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../support/plugin.ts';
import { storeStack } from '../../support/stored-stacks.ts';
import { untilMay } from '../../support/users.ts';

const password = 'correct-horse-battery';
let cluster: TestCluster;
let kubectl: Kubectl;
let directory: string;

beforeAll(async () => {
  cluster = await openCluster('report');
  await installCRDs(cluster.client);
  kubectl = await Kubectl.find(cluster.kubeconfig);
  const { client, namespace } = cluster;
  const stringData = { 'ssh-privatekey': password, username: 'jtel' };
  await client.create(secrets, { metadata: { namespace, name: 'ssh' }, stringData }, call());
  for (const name of ['one', 'other'])
    await storeStack(client, namespace, {
      name,
      status: { phase: 'Degraded', message: `${name}: login with ${password} failed, Password=hunter2` },
    });
  await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'jtel-operator-0', labels: { 'app.kubernetes.io/name': 'jtel-operator' } },
    spec: { containers: [{ name: 'operator', image: 'registry.example/jtel/operator:1' }] },
  });
});
afterAll(async () => cluster?.close());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'report-'));
  return () => rm(directory, { recursive: true });
});

async function apply(object: object): Promise<void> {
  await kubectl.run(['-n', cluster.namespace, 'apply', '-f', '-'], { input: stringify(object) });
}

function report(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  const { kubeconfig, namespace } = cluster;
  const words = ['report', ...argv, '--operator-namespace', namespace];
  return kubectlJtel(words, { kubeconfig, namespace, ...options });
}

/** File name without its folder → content. */
async function unpacked(file: string): Promise<ReadonlyMap<string, string>> {
  const target = await mkdtemp(join(directory, 'unpacked-'));
  await run(['tar', '-xzf', file, '--strip-components=1', '-C', target]);
  const found = await readdir(target, { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return new Map(
    await Promise.all(
      files.map(async (path) => [path.slice(target.length + 1), await readFile(path, 'utf8')] as const),
    ),
  );
}

describe('a report', () => {
  it('has everything about one stack, and nothing secret', async () => {
    const file = join(directory, 'one.tar.gz');
    const { code, out } = await report(['one', '--file', file]);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining(`Written to ${file}`) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await run(['tar', '-tzf', file])).split('\n')[0]).toMatch(/-report-\d{8}t\d{6}z\/CONTENTS\.txt$/);
    const files = await unpacked(file);
    const whole = [...files.values(), out].join('\n');
    expect(whole).not.toContain(password);
    expect(whole).not.toContain('hunter2');
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        'objects/jtelstacks/one.yaml',
        'objects/controllerrevisions/one-1.yaml',
        'operator/jtel-operator-0/pod.yaml',
        'events.yaml',
        'versions.yaml',
      ]),
    );
    expect([...files.keys()].filter((path) => path.includes('other'))).toEqual([]);
    expect(parse(files.get('objects/jtelstacks/one.yaml') ?? '')).toMatchObject({
      spec: { host: { sshSecretRef: { name: 'ssh' } } },
      status: { message: 'one: login with [redacted] failed, Password=[redacted]' },
    });
    expect(parse(files.get('secrets.yaml') ?? '')).toEqual([
      { name: 'ssh', type: 'Opaque', keys: ['ssh-privatekey', 'username'] },
    ]);
    // There is no kubelet behind this API server: the log is empty, and nobody has metrics.
    expect(files.get('operator/jtel-operator-0/log.txt')).toBe('');
    expect(files.get('CONTENTS.txt')).toMatch(
      /Not in it:\n(.*\n)* {2}operator\/jtel-operator-0\/metrics\.txt: .+/,
    );
    expect(out).toContain('operator/jtel-operator-0/metrics.txt: ');
  });

  it('never takes the place of a file', async () => {
    const file = join(directory, 'there.tar.gz');
    await writeFile(file, 'mine');
    expect(await report(['one', '--file', file])).toMatchObject({
      code: 1,
      err: expect.stringContaining('there.tar.gz exists already'),
    });
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('is only listed with --dry-run, also as JSON', async () => {
    const file = join(directory, 'dry.tar.gz');
    const { code, out } = await report(['--file', file, '--dry-run', '-o', 'json']);
    const list = JSON.parse(out) as {
      entries: { path: string; bytes: number }[];
      missing: { path: string }[];
    };
    expect(code).toBe(0);
    const stacks = list.entries.filter(({ path }) => path.startsWith('objects/jtelstacks/'));
    expect(stacks.map(({ path }) => path).toSorted()).toEqual([
      'objects/jtelstacks/one.yaml',
      'objects/jtelstacks/other.yaml',
    ]);
    expect(stacks.every(({ bytes }) => bytes > 500)).toBe(true);
    expect(list.missing.length).toBeGreaterThan(0);
    const { code: ended, out: shown } = await report(['--dry-run'], { columns: 80 });
    expect(ended).toBe(0);
    expect(shown).toMatch(/^In it:\n(.*\n)* {2}objects\/jtelstacks\/one\.yaml/m);
    expect(shown.split('\n').filter((line) => line.length > 80 && /\S \S/.test(line))).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('of a stack that is not there is none', async () =>
    expect((await report(['nobody', '--dry-run'])).code).toBe(1));

  it('says what its user may not read, and has the rest', async () => {
    const { namespace } = cluster;
    await kubectl.run(['-n', namespace, 'create', 'serviceaccount', 'viewer']);
    const verbs = ['--verb=get,list', '--resource=jtelstacks.jtel.de,jtelbackupstores.jtel.de'];
    await kubectl.run(['-n', namespace, 'create', 'role', 'viewer', ...verbs]);
    const bound = ['--role=viewer', `--serviceaccount=${namespace}:viewer`];
    await kubectl.run(['-n', namespace, 'create', 'rolebinding', 'viewer', ...bound]);
    const viewer = [`--as=system:serviceaccount:${namespace}:viewer`];
    await untilMay(kubectl, viewer, { verb: 'list', resource: 'jtelstacks.jtel.de', namespace });
    const token = (await kubectl.run(['-n', namespace, 'create', 'token', 'viewer'])).trim();
    const config = parse(await readFile(cluster.kubeconfig, 'utf8')) as {
      users: { name: string; user: object }[];
    };
    const kubeconfig = join(directory, 'viewer.kubeconfig');
    const users = config.users.map(({ name }) => ({ name, user: { token } }));
    await writeFile(kubeconfig, stringify({ ...config, users }));
    const { code, out } = await report(['one', '--dry-run'], { kubeconfig });
    expect(code).toBe(0);
    expect(out).toContain('No Secret could be read: their values are not masked where they appear.\n');
    expect(out).toMatch(/In it:\n(.*\n)* {2}objects\/jtelstacks\/one\.yaml/);
    for (const path of [
      'secrets.yaml',
      'secrets.yaml (by name)',
      'objects/jtelbackups',
      'events.yaml',
      'operator/pods',
    ])
      expect(out).toMatch(new RegExp(`^  ${path.replaceAll(/[().]/g, '\\$&')}: .*forbidden`, 'm'));
  });
});
