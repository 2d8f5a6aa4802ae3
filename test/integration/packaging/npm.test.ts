/**
 * The npm package as people have it: installed from the file alone, into an empty directory, without a network
 * and without a checkout beside it.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, tryRun } from '../../../kit/process.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { makePackages } from '../../../packaging/packages.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { storeStack } from '../../support/stored-stacks.ts';
import { needTools } from '../../support/tools.ts';

const time = new Date('2026-11-29T12:00:00Z');
const name = `jtel-operator-${manifest.version}.tgz`;
let cluster: TestCluster;
let kubectl: string;
let directory: string;
let prefix: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  await needTools('man', 'zsh', 'fish');
  cluster = await openCluster('packaged');
  await installCRDs(cluster.client);
  await storeStack(cluster.client, cluster.namespace, {
    name: 'acme',
    status: { phase: 'Ready', version: '3.43.2' },
  });
  kubectl = (await Kubectl.find(cluster.kubeconfig)).binary;
  directory = await mkdtemp(join(tmpdir(), 'npm-package-'));
  prefix = join(directory, 'installed');
  await mkdir(prefix);
  await makePackages({ directory, time, platforms: [] });
  // An npm that can reach no registry and has nothing in its cache.
  await run(
    [
      'npm',
      'install',
      '--global',
      '--offline',
      `--prefix=${prefix}`,
      `--cache=${join(directory, 'cache')}`,
      join(directory, name),
    ],
    { cwd: directory },
  );
  env = {
    HOME: directory,
    PATH: [join(prefix, 'bin'), dirname(process.execPath), dirname(kubectl), '/usr/bin', '/bin'].join(
      delimiter,
    ),
    KUBECONFIG: cluster.kubeconfig,
    LC_ALL: 'C.UTF-8',
  };
}, 120_000);
afterAll(async () => {
  await cluster?.close();
  await rm(directory, { recursive: true, force: true });
});

it('has no dependencies, no install script, and what npm itself would pack', async () => {
  const installed = join(prefix, 'lib/node_modules/jtel-operator');
  expect(await readdir(join(prefix, 'lib/node_modules'))).toEqual(['jtel-operator']);
  const { dependencies, scripts } = JSON.parse(
    await readFile(join(installed, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  expect([dependencies, scripts]).toEqual([undefined, undefined]);
  const [packed] = JSON.parse(
    await run(['npm', 'pack', '--dry-run', '--json', '--offline', installed], { cwd: directory }),
  ) as { files: { path: string; mode: number }[] }[];
  const listed = (await run(['tar', '-tf', join(directory, name)])).trim().split('\n');
  expect(packed?.files.map(({ path }) => `package/${path}`).toSorted()).toEqual(listed.toSorted());
});

describe('installed, it', () => {
  it('says version and help', async () => {
    expect(await run(['kubectl-jtel', 'version', '--client'], { env })).toContain(
      `kubectl-jtel ${manifest.version}`,
    );
    expect((await run(['jtel-operator', '--version'], { env })).trim()).toBe(manifest.version);
    expect(await run(['jtel-operator', 'host', 'script', '--help'], { env })).toContain('--release <file>');
    expect((await tryRun(['jtel-operator', 'fly'], { env })).code).toBe(2);
  });

  it('is found by kubectl, asks the cluster, and completes names', async () => {
    const words = ['jtel', 'status', '-n', cluster.namespace];
    expect(await run([kubectl, ...words], { env })).toMatch(/acme +3\.43\.2/);
    expect(await run([kubectl, '__complete', ...words, ''], { env })).toMatch(/^acme\t3\.43\.2 /m);
  });

  it('prints a host’s set-up script, which the sources read from files', async () => {
    const script = await run(
      [
        'jtel-operator',
        'host',
        'script',
        '-f',
        'examples/quickstart/4-stack.yaml',
        '--release',
        'sandbox/stand-ins/releases/3.43.2/release.yaml',
      ],
      { env },
    );
    expect(script).toMatch(/^#!\/bin\/sh\n/);
  });

  it.each([
    ['bash', (program: string) => `bash/${program}`, (file: string) => ['bash', '-n', file]],
    ['zsh', (program: string) => `zsh/_${program}`, (file: string) => ['zsh', '-n', file]],
    ['fish', (program: string) => `fish/${program}.fish`, (file: string) => ['fish', '--no-execute', file]],
  ])('brings completion for %s: what it prints, and what the shell reads', async (shell, path, check) => {
    for (const program of ['kubectl-jtel', 'jtel-operator']) {
      const file = join(prefix, 'lib/node_modules/jtel-operator/completions', path(program));
      expect(await readFile(file, 'utf8')).toBe(await run([program, 'completion', shell], { env }));
      expect(await tryRun(check(file), { env })).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('has jtel-operator completed by bash and fish: commands, choices, and files where files are wanted', async () => {
    const inBash = `source <(jtel-operator completion bash); COMP_WORDS=(jtel-operator release pub); COMP_CWORD=2
      _jtel_operator; echo "\${COMPREPLY[@]}"`;
    expect((await run(['bash', '--norc', '-c', inBash], { env })).trim()).toBe('publish');
    const inFish = async (line: string): Promise<string> =>
      await run(
        ['fish', '--no-config', '-c', `jtel-operator completion fish | source; complete -C '${line}'`],
        { env },
      );
    expect(await inFish('jtel-operator release pub')).toMatch(/^publish\t/);
    expect((await inFish('jtel-operator completion z')).trim()).toBe('zsh');
    expect(await inFish('jtel-operator run --kubeconfig /etc/host')).toContain('/etc/hosts');
  });

  it.each([
    ['kubectl-jtel', 'kubectl jtel restore'],
    ['jtel-operator', 'jtel-operator release publish'],
  ])('brings the manual page %s, which man shows without a warning', async (page, command) => {
    const file = join(prefix, 'share/man/man1', `${page}.1`);
    expect((await stat(file)).isFile()).toBe(true);
    const { code, stdout, stderr } = await tryRun(['man', '--warnings', '-l', file], {
      env: { ...env, MANWIDTH: '100' },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(command);
    expect(stdout).toContain('2026-11-29');
  });
});
