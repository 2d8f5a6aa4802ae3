import { describe, expect, test } from 'vitest';
import { RowWriter } from './row-writer.ts';
import { checksumQuery, insertHead, rowsQuery } from './table-rows.ts';
import type { Column } from './table-rows.ts';

/** Gives the rows in pieces, as a pipe does. */
function written(
  rows: readonly string[],
  pieceBytes: number,
): { readonly text: string; readonly rows: number } {
  const parts: string[] = [];
  const writer = new RowWriter('INSERT\n', (bytes) => void parts.push(bytes.toString('latin1')));
  const all = Buffer.from(rows.map((row) => `\0(${row})\n`).join(''), 'latin1');
  for (let at = 0; at < all.length; at += pieceBytes)
    writer.push(Buffer.from(all.subarray(at, at + pieceBytes)));
  writer.end();
  return { text: parts.join(''), rows: writer.rows };
}

describe('statements of rows', () => {
  test.each([1, 2, 3, 7, 1000])('hold all rows, in pieces of %i bytes', (pieceBytes) => {
    expect(written(["1,'a\nb'", "2,'),\n('"], pieceBytes)).toEqual({
      text: "INSERT\n(1,'a\nb')\n,(2,'),\n(')\n;\nCOMMIT;\n",
      rows: 2,
    });
  });

  test('are none without rows', () => {
    expect(written([], 10)).toEqual({ text: 'COMMIT;\n', rows: 0 });
  });

  test('end after a mebibyte, between rows, and are committed now and then', () => {
    const { text, rows } = written(
      Array.from({ length: 100 }, (_, at) => `${at},'${'x'.repeat(300_000)}'`),
      65_536,
    );
    const statements = text.split('INSERT\n').slice(1);
    expect(rows).toBe(100);
    expect(statements).toHaveLength(25);
    for (const statement of statements)
      expect(statement).toMatch(/^\(\d+,'x+'\)\n(,\(\d+,'x+'\)\n)*;\n(COMMIT;\n)*$/);
    expect(text.match(/COMMIT/g)).toHaveLength(2);
  });

  test('are as long as a row that is longer', () => {
    const { text } = written(['1', `'${'y'.repeat(3_000_000)}'`, '2'], 65_536);
    expect(text.match(/INSERT/g)).toHaveLength(2);
  });
});

describe('the question for rows', () => {
  const column = (name: string, type: string, change: Partial<Column> = {}): Column => ({
    name,
    type,
    charset: undefined,
    isNullable: false,
    ...change,
  });

  test('keeps each type exactly', () => {
    const columns = [
      column('i`d', 'int'),
      column('f', 'float', { isNullable: true }),
      column('e', 'enum', { charset: 'utf8mb4' }),
      column('d', 'date'),
      column('t', 'text', { charset: 'latin1', isNullable: true }),
      column('b', 'longblob', { isNullable: true }),
    ];
    expect(rowsQuery('`s`.`t`', columns, true)).toBe(
      "SELECT HIGH_PRIORITY CONCAT('\\0(',`i``d`),IFNULL(CONCAT(',',CAST(`f` AS DOUBLE)),',NULL'),CONCAT(',',CAST(`e` AS UNSIGNED)),CONCAT(',','''',`d`,'''')," +
        "CONCAT(',',QUOTE(CONVERT(CONVERT(`t` USING utf8mb4) USING binary))),IF(`b` IS NULL,',NULL',CONCAT(',_binary',QUOTE(CAST(`b` AS BINARY)))),')' FROM `s`.`t` FOR SYSTEM_TIME ALL",
    );
    expect(insertHead('`s`.`t`', columns.slice(0, 2))).toBe('INSERT INTO `s`.`t` (`i``d`,`f`) VALUES\n');
  });

  test('for a checksum adds up its rows, so that equal ones count, and takes -0 for 0', () => {
    const columns = [column('i', 'int'), column('d', 'double'), column('f', 'float', { isNullable: true })];
    expect(checksumQuery('`t`', columns, false)).toBe(
      "SELECT HIGH_PRIORITY COUNT(*), IFNULL(SUM(CAST(CONV(LEFT(MD5(CONCAT(CONCAT(',',`i`),CONCAT(',',`d`+0),IFNULL(CONCAT(',',CAST(`f` AS DOUBLE)+0),',NULL'))), 16), 16, 10) AS UNSIGNED)), 0) FROM `t`",
    );
    expect(rowsQuery('`t`', columns, false)).toContain("CONCAT(',',`d`)");
  });

  test('for a checksum has no text that is longer than a packet where no value is', () => {
    const columns = [
      column('a', 'longtext', { charset: 'utf8mb4' }),
      column('b', 'mediumblob', { isNullable: true }),
    ];
    const digests =
      "CONCAT(MD5(CONCAT(',',QUOTE(CONVERT(`a` USING binary)))),MD5(IF(`b` IS NULL,',NULL',CONCAT(',_binary',QUOTE(CAST(`b` AS BINARY))))))";
    expect(checksumQuery('`t`', columns, false)).toContain(`MD5(${digests})`);
  });

  test('of a table without columns of its own counts its rows', () => {
    expect(rowsQuery('`t`', [], false)).toBe("SELECT HIGH_PRIORITY '\\0(',')' FROM `t`");
  });
});
