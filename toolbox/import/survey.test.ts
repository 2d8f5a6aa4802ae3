import { describe, expect, it } from 'vitest';
import type { DefinedTable } from '../backup/definitions.ts';
import { JobError } from '../job-error.ts';
import { compareTable, requireSame } from './compare.ts';
import { readTargetFacts, remarksOf, requirePossible, requireRoom } from './survey.ts';

const table = (name: string, engine = 'InnoDB'): DefinedTable => ({
  schema: 'jtel',
  name,
  quoted: `\`jtel\`.\`${name}\``,
  kind: 'Table',
  hasHistory: false,
  engine,
  isTransactional: true,
  bytes: 1,
  create: 'CREATE',
  columns: [{ name: 'id', type: 'int', charset: undefined, isNullable: false }],
  isLax: false,
});
const nothing = { engines: [], collations: [], definers: [], accounts: [] };
const target = { engines: new Set(['INNODB']), unknownCollations: [], accounts: new Set(['root@%']) };

describe('what the new database cannot hold', () => {
  it('is refused as a whole, with what to change in the old one', () => {
    const source = {
      ...nothing,
      engines: [
        { engine: 'InnoDB', example: 'jtel.calls' },
        { engine: 'TokuDB', example: 'jtel.log' },
      ],
    };
    expect(() => requirePossible(source, { ...target, unknownCollations: ['utf8mb4_0900_ai_ci'] })).toThrow(
      /lacks \(TokuDB of jtel\.log\): ALTER TABLE … ENGINE=InnoDB there; and .*lacks \(utf8mb4_0900_ai_ci\): .*Nothing was loaded/,
    );
  });

  it('is found by asking for it', async () => {
    const query = async (statement: string): Promise<readonly (readonly string[])[]> => {
      if (statement.includes('klingon'))
        throw new JobError('DatabaseFailed', 'the database at x: ERROR 1273 (HY000): Unknown collation');
      return statement.includes('engines') ? [['INNODB']] : [];
    };
    const facts = await readTargetFacts({ query }, { collations: ['latin1_swedish_ci', 'klingon', "a'b"] });
    expect(facts.unknownCollations).toEqual(['klingon', "a'b"]);
  });

  it('is not what a lost connection means', async () => {
    const query = async (statement: string): Promise<readonly (readonly string[])[]> => {
      if (statement.startsWith('SET')) throw new JobError('DatabaseUnreachable', 'ERROR 2013');
      return [];
    };
    await expect(readTargetFacts({ query }, { collations: ['x'] })).rejects.toThrow('ERROR 2013');
  });

  it('nothing: then nothing is refused', () => {
    expect(() =>
      requirePossible({ ...nothing, engines: [{ engine: 'InnoDB', example: '' }] }, target),
    ).not.toThrow();
  });
});

it('lists what is not brought over, in words that do no harm', () => {
  const definers = [1, 2, 3, 4, 5, 6, 7].map((n) => ({ account: 'clerk@%', what: `view jtel.v${n}` }));
  const source = {
    ...nothing,
    accounts: ['mover@%', 'evil\u001B[2J@%'],
    definers: [...definers, { account: 'root@%', what: 'view jtel.mine' }],
  };
  const tables = [table('calls'), table('far', 'FEDERATED')];
  expect(remarksOf(source, target, { tables }, new Set(['`jtel`.`broken`']))).toEqual([
    { kind: 'Account', what: 'mover@%' },
    { kind: 'Account', what: 'evil\uFFFD[2J@%' },
    {
      kind: 'Definer',
      what: 'clerk@%: view jtel.v1, view jtel.v2, view jtel.v3, view jtel.v4, view jtel.v5 and 2 more',
    },
    { kind: 'Engine', what: 'jtel.far (FEDERATED)' },
    { kind: 'View', what: '`jtel`.`broken`' },
  ]);
});

it('needs room for what is still to be copied, and some more', () => {
  expect(() => requireRoom(100, 120)).not.toThrow();
  expect(() => requireRoom(2 ** 30, 2 ** 30)).toThrow(
    /take 1\.0 GiB.* 1\.0 GiB are free.*Nothing of them was copied/,
  );
});

describe('two tables', () => {
  const answering = (answer: string, warnings = 0) => ({
    ask: async () => [],
    stream: async (_: string, take: (bytes: Buffer) => void | Promise<void>) => {
      await take(Buffer.from(`${answer}\n`));
      return warnings;
    },
  });
  const compared = (there: string, here: string) =>
    compareTable(table('calls'), answering(there), answering(here));

  it('are equal with the same rows', async () => {
    const one = await compared('3\t77', '3\t77');
    expect(one).toMatchObject({ isSame: true, rows: 3 });
    expect(() => requireSame([one])).not.toThrow();
  });
  it.each([
    ['3\t77', '2\t77', '1 of 1 tables .*jtel\\.calls \\(3 rows, here 2\\)'],
    ['3\t77', '3\t78', 'jtel\\.calls \\(3 rows with other values\\)'],
  ])('differ: %s and %s', async (there, here, words) => {
    const one = await compared(there, here);
    expect(() => requireSame([one])).toThrow(new RegExp(`${words}.*nothing counts as loaded`));
  });
  it('are not compared by what a server shortened', async () => {
    await expect(
      compareTable(table('calls'), answering('3\t77', 1), answering('3\t77')),
    ).rejects.toMatchObject({
      reason: 'ImportImpossible',
      message: expect.stringContaining('max_allowed_packet'),
    });
  });
});
