/** `docker build .` in the repository: what goes into it suffices for its build stage. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryDirectory } from '../kit/paths.ts';

const run = promisify(execFile);
let directory: string;
let sources: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'docker-context-'));
  sources = join(directory, 'src');
  for (const rule of (await rules()).slice(1, -1)) {
    const name = rule.slice(1);
    await cp(join(repositoryDirectory, name), join(sources, name), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    });
  }
  // In place of `npm ci`.
  await symlink(join(repositoryDirectory, 'node_modules'), join(sources, 'node_modules'));
});

afterAll(() => rm(directory, { recursive: true }));

it('is a list of what may go in, without tests', async () => {
  const [first, ...allowed] = await rules();
  expect([first, allowed.pop()]).toEqual(['*', '**/*.test.ts']);
  expect(allowed.filter((rule) => !/^![\w.-]+$/.test(rule))).toEqual([]);
});

it('makes the operator', async () => {
  const made = join(directory, 'operator');
  await run(process.execPath, [join(sources, 'images/contexts.ts'), 'operator', made]);
  const { stdout } = await run(process.execPath, [join(made, 'jtel-operator.js'), '--version']);
  expect(stdout.trim()).toBe(await version());
}, 60_000);

it('makes the toolbox, whose jobs start and miss what they are to do', async () => {
  const made = join(directory, 'toolbox');
  await run(process.execPath, [join(sources, 'images/contexts.ts'), 'toolbox', made]);
  const started = run(process.execPath, [join(made, 'toolbox/main.ts')]);
  await expect(started).rejects.toMatchObject({
    stdout: expect.stringContaining('"reason":"SpecMissing"') as string,
  });
}, 60_000);

it('labels images with the version of the package', async () => {
  for (const file of ['Dockerfile', 'toolbox/Dockerfile'])
    expect(await readFile(join(repositoryDirectory, file), 'utf8')).toContain(
      `\nARG VERSION=${await version()}\n`,
    );
});

/** Of .dockerignore, in their order. */
async function rules(): Promise<readonly string[]> {
  const text = await readFile(join(repositoryDirectory, '.dockerignore'), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function version(): Promise<string> {
  const text = await readFile(join(repositoryDirectory, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
