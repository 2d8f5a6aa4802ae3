import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryDirectory } from '../../kit/paths.ts';
import { longFiles } from './longest-first.ts';

test('the long files that are named are there', () => {
  const gone = Object.keys(longFiles).filter((file) => !existsSync(resolve(repositoryDirectory, file)));
  expect(gone).toEqual([]);
});
