import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { repositoryDirectory } from '../kit/paths.ts';
import { bundlePlugin, noticesOf } from './bundle.ts';
import { notices, packagesOf } from './notices.ts';

const made: string[] = [];
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true }))));

async function packageWith(manifest: object, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'package-'));
  made.push(directory);
  await mkdir(join(directory, 'lib'));
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

test('a package is found by any of its modules, also below another one and with a scope', () => {
  expect(
    packagesOf([
      '/r/node_modules/yaml/dist/index.js',
      '/r/node_modules/yaml/dist/parse.js',
      '/r/node_modules/a/node_modules/@s/b/index.js',
      '/r/operator/main.ts',
      '\0rolldown/runtime.js',
    ]),
  ).toEqual(['/r/node_modules/a/node_modules/@s/b', '/r/node_modules/yaml']);
});

test('every text of a licence is there, and a package without one is told by name', async () => {
  const whole = await packageWith(
    { name: 'whole', version: '1.0.0', license: 'MIT' },
    { 'LICENSE.md': 'Permission is hereby granted', NOTICE: 'made by somebody', 'README.md': 'never' },
  );
  const bare = await packageWith({ name: 'bare', version: '2.0.0', license: 'ISC' });
  const text = await notices([whole, bare]);
  expect(text).toContain('whole 1.0.0');
  expect(text).toContain('Permission is hereby granted');
  expect(text).toContain('made by somebody');
  expect(text).not.toContain('never');
  expect(text).toMatch(/bare 2\.0\.0\n-+\n\nLicence: ISC\n\nThe package comes without a text/);
});

test('a package that says nothing about its licence cannot be bundled', async () => {
  await expect(notices([await packageWith({ name: 'silent', version: '1.0.0' })])).rejects.toThrow(
    'silent says nothing about its licence',
  );
});

test('the plug-in names the packages that are bundled in it, and those of its page', async () => {
  const bundle = await bundlePlugin();
  const modules = bundle.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  for (const name of ['commander', '@kubernetes/client-node', 'undici', 'yaml'])
    expect(packagesOf(modules)).toContain(join(repositoryDirectory, 'node_modules', name));
  const text = await noticesOf(bundle);
  expect(text).toContain('Licensed under the Apache License');
  expect(text).not.toContain('vitest');
  for (const name of await importedByPage()) expect(text).toContain(`\n${name} `);
}, 120_000);

/** Names of packages in the sources of the page. */
async function importedByPage(): Promise<readonly string[]> {
  const sources = join(repositoryDirectory, 'web/page/client');
  const files = (await readdir(sources, { recursive: true })).filter((name) =>
    /(?<!\.test)\.tsx?$/.test(name),
  );
  const texts = await Promise.all(files.map((name) => readFile(join(sources, name), 'utf8')));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/from '((?:@[^'/]+\/)?[^'./][^'/]*)/g)].map(([, name = '']) => name),
  );
  return [...new Set(names)].filter((name) => name !== 'vitest');
}
