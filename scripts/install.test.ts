/** What install.sh asks npm for, and what it makes good when it was killed. npm is a script of the test's own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repositoryDirectory } from '../kit/paths.ts';

/** Does what npm does to node_modules, in npm's order; at the place that DIES_WHILE names, it takes its process group with it. */
const npm = `#!/bin/sh
dies_while() { [ "$DIES_WHILE" != "$1" ] || kill -KILL 0; }
case $1 in
  ci)
    echo "$*" >> calls
    rm -rf node_modules/tool
    dies_while deleting
    rm -rf node_modules
    mkdir -p node_modules/node node_modules/tool
    dies_while unpacking
    cp package-lock.json node_modules/.package-lock.json ;;
  run)
    echo "$*" >> ../../calls
    dies_while fetching
    mkdir -p bin
    printf '#!/bin/sh\\necho %s\\n' "\${FETCHES:-v24.21.0}" > bin/node
    chmod +x bin/node
    dies_while linking ;;
esac
`;
const ci = 'ci --ignore-scripts --no-audit --no-fund --loglevel=error';
const fetch = 'run --ignore-scripts --loglevel=error preinstall';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'install-'));
  await mkdir(join(directory, 'scripts'));
  await mkdir(join(directory, 'bin'));
  for (const name of ['install.sh', 'installed.cjs'])
    await copyFile(join(repositoryDirectory, 'scripts', name), join(directory, 'scripts', name));
  await writeFile(join(directory, 'package.json'), '{}');
  await writeLock('1.0.0');
  await writeFile(join(directory, 'bin/npm'), npm, { mode: 0o755 });
  // In place of the Node that npm came with.
  await symlink(process.execPath, join(directory, 'bin/node'));
});

afterEach(() => rm(directory, { recursive: true }));

it('runs the install script of no package but node, and has nothing to do the second time', async () => {
  expect(await install()).toEqual({ code: 0, calls: [ci, fetch] });
  expect(await install()).toEqual({ code: 0, calls: [] });
});

it.each([
  { diesWhile: 'unpacking', left: [ci, fetch] },
  { diesWhile: 'fetching', left: [fetch] },
  { diesWhile: 'linking', left: [fetch] },
])('does what is left after it was killed while $diesWhile', async ({ diesWhile, left }) => {
  expect(await install({ DIES_WHILE: diesWhile })).toMatchObject({ code: null });
  expect(await install()).toEqual({ code: 0, calls: left });
  expect(await install()).toEqual({ code: 0, calls: [] });
});

it('takes packages that are partly deleted for none, also when the old lock file is back', async () => {
  await install();
  await writeLock('2.0.0');
  expect(await install({ DIES_WHILE: 'deleting' })).toMatchObject({ code: null });
  await writeLock('1.0.0');
  expect(await install()).toEqual({ code: 0, calls: [ci, fetch] });
});

it('fails when what was fetched is not Node 24', async () => {
  expect(await install({ FETCHES: 'v22.1.0' })).toMatchObject({ code: 1 });
});

it('stands beside images and checkouts whose packages run no install script at all', async () => {
  const files = ['Dockerfile', 'toolbox/Dockerfile', 'kit/checkout.ts'];
  const texts = await Promise.all(files.map((file) => readFile(join(repositoryDirectory, file), 'utf8')));
  for (const text of texts) expect(text).toMatch(/npm\W+ci\W.*--ignore-scripts/);
});

async function writeLock(version: string): Promise<void> {
  const lock = { packages: { '': {}, 'node_modules/node': { version }, 'node_modules/tool': { version } } };
  await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock));
}

/** @returns what npm was asked for in this run; a code of null says that the run was killed. */
async function install(environment: Readonly<Record<string, string>> = {}) {
  await writeFile(join(directory, 'calls'), '');
  const child = spawn(join(directory, 'scripts/install.sh'), {
    env: { PATH: `${directory}/bin:/usr/bin:/bin`, ...environment },
    stdio: 'ignore',
    detached: true,
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const calls = (await readFile(join(directory, 'calls'), 'utf8')).split('\n').filter(Boolean);
  return { code, calls };
}
