import { expect, test } from 'vitest';
import { repositoryDirectory } from '../kit/paths.ts';
import { packagesNeeded, readLockFile } from './packages.ts';

const lock = {
  packages: {
    '': {},
    'node_modules/a': {
      dependencies: { b: '1', '@types/node': '1' },
      optionalDependencies: { missing: '1' },
    },
    'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
    'node_modules/b': {},
    'node_modules/c': { dependencies: { a: '1' } },
    'node_modules/dev': {},
    'node_modules/@types/node': {},
  },
};

test('what a package needs is found where Node would find it; types and absent optional ones are left out', () => {
  expect(packagesNeeded(lock, ['a'])).toEqual([
    'node_modules/a',
    'node_modules/a/node_modules/b',
    'node_modules/c',
  ]);
});

test('a root that is not there is an error that says what to do', () => {
  expect(() => packagesNeeded(lock, ['d'])).toThrow(/package d.*run npm install/);
});

test('the stand-ins get MariaDB’s client and nothing of the tool chain', async () => {
  const packages = packagesNeeded(await readLockFile(repositoryDirectory), ['mariadb']);
  expect(packages).toContain('node_modules/mariadb');
  expect(packages.length).toBeLessThan(10);
});
