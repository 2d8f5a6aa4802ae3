import { describe, expect, test } from 'vitest';
import type { Sequence, Stored } from './definitions.ts';
import { routinesText, sequencesText, viewsText } from './dump-text.ts';

const view = (schema: string, name: string, reads: string): Stored => ({
  schema,
  name,
  create: `CREATE VIEW \`${schema}\`.\`${name}\` AS select ${reads}`,
  clientCharset: 'utf8mb4',
  collation: 'utf8mb4_general_ci',
});

describe('views', () => {
  test('come after those that they read, across schemas', () => {
    const text = viewsText([
      view('a', 'one', '1 from `b`.`two`'),
      view('b', 'two', '1 from `a`.`th``ree`'),
      { ...view('a', 'x', '1'), name: 'th`ree', create: 'CREATE VIEW `a`.`th``ree` AS select 1' },
    ]);
    const order = [...text.matchAll(/CREATE VIEW (\S+)/g)].map(([, name]) => name);
    expect(order).toEqual(['`a`.`th``ree`', '`b`.`two`', '`a`.`one`']);
  });

  test('that only name each other in texts come all the same', () => {
    const text = viewsText([view('a', 'one', "'`a`.`two`'"), view('a', 'two', "'`a`.`one`'")]);
    expect(text.match(/CREATE VIEW/g)).toHaveLength(2);
  });
});

describe('a routine', () => {
  const routine: Stored = {
    schema: 'a',
    name: 'f',
    create: "CREATE FUNCTION f() RETURN '$jtel$'; -- ;",
    sqlMode: "A,'B",
    clientCharset: 'latin1',
    collation: 'latin1_swedish_ci',
    databaseCollation: 'utf8mb4_bin',
  };

  test('has a delimiter that it does not contain, and its settings', () => {
    const text = routinesText({ name: 'a', create: '', collation: 'utf8mb4_general_ci' }, [routine]);
    expect(text).toContain(
      "DELIMITER $$jtel$$\nCREATE FUNCTION f() RETURN '$jtel$'; -- ;\n$$jtel$$\nDELIMITER ;\n",
    );
    expect(text).toContain(
      "SET character_set_client = latin1, collation_connection = latin1_swedish_ci, sql_mode = 'A,''B';",
    );
    expect(text).toContain('ALTER DATABASE `a` COLLATE utf8mb4_bin;\nSET');
  });
});

describe('a sequence', () => {
  const sequence = (next: string, increment = '1'): Sequence => ({
    table: {
      schema: 'a',
      name: 's',
      quoted: '`a`.`s`',
      kind: 'Sequence',
      hasHistory: false,
      engine: 'InnoDB',
      isTransactional: true,
      bytes: 0,
    },
    create: 'CREATE SEQUENCE `s`',
    position: { next, minimum: '1', maximum: '9223372036854775806', increment, round: '0' },
  });

  test.each([
    ['goes on where it was', sequence('1001'), 'DO SETVAL(`a`.`s`, 1001, 0, 0);'],
    ['stays used up', sequence('9223372036854775807'), 'DO SETVAL(`a`.`s`, 9223372036854775806, 1, 0);'],
    ['stays used up downwards', sequence('0', '-1'), 'DO SETVAL(`a`.`s`, 1, 1, 0);'],
  ])('%s', (_what, one, statement) => {
    const text = sequencesText('a', [one]);
    expect(text).toContain(statement);
    expect(text).toContain(`IF found <> ${one.position.next} THEN SIGNAL`);
  });
});
