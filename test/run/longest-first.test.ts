import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryDirectory } from '../../kit/paths.ts';
import { longestFirst, longFiles } from './longest-first.ts';

test('the long files that are named are there', () => {
  const gone = Object.keys(longFiles).filter((file) => !existsSync(resolve(repositoryDirectory, file)));
  expect(gone).toEqual([]);
});

test('the long files of a project come first, the longest before the others, and the rest stays in its order', () => {
  const file = (moduleId: string, project: string) => ({ moduleId: `/repository/${moduleId}`, project });
  const given = [
    file('base/bytes.test.ts', 'unit'),
    file('base/optional.test.ts', 'unit'),
    file('test/e2e/short.test.ts', 'e2e'),
    file('test/e2e/host.test.ts', 'e2e'),
    file('test/e2e/mistakes.test.ts', 'e2e'),
  ];
  expect(
    longestFirst(given, '/repository').map(({ moduleId }) => moduleId.slice('/repository/'.length)),
  ).toEqual([
    'base/bytes.test.ts',
    'base/optional.test.ts',
    'test/e2e/mistakes.test.ts',
    'test/e2e/host.test.ts',
    'test/e2e/short.test.ts',
  ]);
});
