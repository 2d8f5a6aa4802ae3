/** The product's images, as the sandbox builds them with the Dockerfiles of `docker build .`. */
import { constants } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { buildOperator, buildToolbox, operatorImage, toolboxImage } from '../../../images/images.ts';
import { ensureBaseImage, ensureNodeImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import type { Docker } from '../../../kit/docker.ts';
import { silentProgress } from '../../../kit/progress.ts';

let docker: Docker;

beforeAll(async () => {
  docker = await ensureDocker(silentProgress);
  await ensureBaseImage(docker, silentProgress);
  await ensureNodeImage(docker, silentProgress);
  await buildOperator(docker, silentProgress);
  await buildToolbox(docker, silentProgress);
});

/** Restricted as much as the operator's pod is. */
const restricted = [
  '--read-only',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--network',
  'none',
];

test('the operator runs as a user of its own and writes nothing', async () => {
  expect(await docker.run(['run', '--rm', ...restricted, operatorImage, '--version'])).toBe(manifest.version);
  const script = 'id -u; id -un; jtel-operator --version';
  const printed = await docker.run([
    'run',
    '--rm',
    ...restricted,
    '--entrypoint',
    'sh',
    operatorImage,
    '-c',
    script,
  ]);
  expect(printed.split('\n')).toEqual(['65532', 'jtel-operator', manifest.version]);
  expect(await docker.run(['image', 'inspect', '--format', '{{.Config.User}}', operatorImage])).toBe(
    '65532:65532',
  );
});

test('nobody opens a debugger in the operator with a signal', async () => {
  const entry = await docker.run([
    'image',
    'inspect',
    '--format',
    '{{json .Config.Entrypoint}}',
    operatorImage,
  ]);
  const flags = (JSON.parse(entry) as string[]).slice(1, -1);
  expect(await waitsForDebuggers(flags)).toBe(false);
  expect(await waitsForDebuggers(flags.filter((flag) => flag !== '--disable-sigusr1'))).toBe(true);
});

/** Whether Node.js with these flags has a handler for SIGUSR1, which opens its debugger. */
async function waitsForDebuggers(flags: readonly string[]): Promise<boolean> {
  const script = `console.log(require('fs').readFileSync('/proc/self/status', 'utf8'))`;
  const command = ['--entrypoint', 'node', operatorImage, ...flags, '-e', script];
  const status = await docker.run(['run', '--rm', ...restricted, ...command]);
  const { caught = '' } = /^SigCgt:\s*(?<caught>[0-9a-f]+)$/m.exec(status)?.groups ?? {};
  // The first bit stands for signal 1.
  return ((BigInt(`0x${caught}`) >> BigInt(constants.signals.SIGUSR1 - 1)) & 1n) === 1n;
}

test('the operator’s image holds the bundle, neither sources nor packages', async () => {
  const list = [
    'run',
    '--rm',
    ...restricted,
    '--entrypoint',
    'ls',
    operatorImage,
    '-A',
    '/opt/jtel-operator',
    '/',
  ];
  const files = (await docker.run(list)).split('\n');
  expect(files).toContain('jtel-operator.js');
  for (const name of ['node_modules', 'operator', 'src', 'out', 'ready']) expect(files).not.toContain(name);
});

test('the toolbox starts its jobs from a file system that cannot be written', async () => {
  const started = await docker.tryRun([
    'run',
    '--rm',
    '--read-only',
    '--network',
    'none',
    toolboxImage,
    'probe',
  ]);
  expect([started.code, started.stdout]).toEqual([1, expect.stringContaining('"reason":"SpecMissing"')]);
});

test.for([
  [operatorImage, 'jtel-operator'],
  [toolboxImage, 'jtel toolbox'],
])('%s says what it is', async ([image = '', title]) => {
  const printed = await docker.run(['image', 'inspect', '--format', '{{json .Config.Labels}}', image]);
  expect(JSON.parse(printed)).toMatchObject({
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.description': expect.stringContaining('compose hosts') as string,
    'org.opencontainers.image.vendor': 'jtel',
    'org.opencontainers.image.version': manifest.version,
  });
});
