import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkOut, samePackages } from './checkout.ts';

test('a state is found by its commit where its tag is not known, and removed again', async () => {
  const found = await checkOut(['refs/tags/never-made', 'HEAD']);
  if ('missing' in found) throw new Error(found.missing);
  expect(found.commit).toMatch(/^[0-9a-f]{40}$/);
  await access(join(found.directory, 'node_modules/yaml/package.json'));
  await found.remove();
  await expect(access(found.directory)).rejects.toThrow('ENOENT');
});

test('a state that the repository does not have is named', async () => {
  expect(await checkOut(['refs/tags/never-made'])).toEqual({
    missing: 'the repository has no commit refs/tags/never-made',
  });
});

test('packages are the same as long as those of production are', () => {
  const lock = (yaml: string, vitest: string): Parameters<typeof samePackages>[0] => ({
    packages: {
      '': { dev: false },
      'node_modules/yaml': { version: yaml } as object,
      'node_modules/vitest': { version: vitest, dev: true } as object,
    },
  });
  expect(samePackages(lock('2', '5'), lock('2', '6'))).toBe(true);
  expect(samePackages(lock('2', '5'), lock('3', '5'))).toBe(false);
});
