import { expect, it } from 'vitest';
import { staleFiles } from './generate.ts';

it('what is generated from the schema is committed', async () => {
  expect(await staleFiles(), 'run `node release/generate.ts`').toEqual([]);
}, 60_000);
