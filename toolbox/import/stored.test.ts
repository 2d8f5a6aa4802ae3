import { expect, it } from 'vitest';
import { loadSchemas } from './stored.ts';

it('a schema is made, or changed if it is there, by the account that loads it', async () => {
  const loaded: string[] = [];
  const account = {
    load: async (dump: AsyncIterable<Buffer>) => {
      for await (const bytes of dump) loaded.push(bytes.toString('latin1'));
    },
  };
  const create = 'CREATE DATABASE IF NOT EXISTS `jtel`; GRANT ALL ON *.* TO somebody';
  await loadSchemas({ schemas: [{ name: 'jtel', create, collation: 'latin1_swedish_ci' }] }, account);
  expect(loaded).toEqual([expect.stringContaining(`;\n${create};\n`)]);
  expect(loaded[0]).toMatch(/ALTER DATABASE `jtel` COLLATE latin1_swedish_ci;\n$/);
});
