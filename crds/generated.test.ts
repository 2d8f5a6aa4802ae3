/** Generated files are committed so that the types can be read without running anything; this keeps them from going stale. */
import { expect, test } from 'vitest';
import { staleFiles } from './generate.ts';

test('the generated types and references follow from the CRDs as they are', async () => {
  expect(await staleFiles(), 'run "node crds/generate.ts" and commit these').toEqual([]);
});
