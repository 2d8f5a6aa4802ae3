/**
 * Holds the repository to its own architecture; docs/development.md explains the rules, test/architecture/
 * has them.
 */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { violations } from './architecture/check.ts';
import { readSourceFiles } from './architecture/source-files.ts';

test('the repository keeps the rules of its architecture', () => {
  const files = readSourceFiles(resolve(import.meta.dirname, '..'));
  expect(files.length).toBeGreaterThan(20);
  expect(violations(files)).toEqual([]);
});
