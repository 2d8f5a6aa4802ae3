/**
 * Generated files are committed, so people can read the types without running anything. This test keeps them
 * fresh.
 */
import { expect, test } from 'vitest';
import { staleFiles } from './generate.ts';

test('the generated types and references follow from the CRDs as they are', async () => {
  expect(await staleFiles(), 'run "node crds/generate.ts" and commit these').toEqual([]);
});
