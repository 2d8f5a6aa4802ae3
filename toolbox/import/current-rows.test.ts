import { describe, expect, it } from 'vitest';
import type { DefinedTable } from '../backup/definitions.ts';
import { checksumQuery, rowsQuery, type Column } from '../backup/table-rows.ts';
import { keepingCurrentRows } from './current-rows.ts';

const column = (name: string, type: string, isRowEnd = false): Column => ({
  name,
  type,
  charset: undefined,
  isNullable: false,
  isRowEnd,
});
const table = (hasHistory: boolean): DefinedTable => ({
  schema: 'jtel',
  name: 'prices',
  quoted: '`jtel`.`prices`',
  kind: 'Table',
  hasHistory,
  engine: 'InnoDB',
  isTransactional: true,
  bytes: 1,
  create: 'CREATE',
  columns: [column('id', 'int'), column('row_start', 'timestamp'), column('row_end', 'timestamp', true)],
  isLax: false,
});

class Server {
  readonly #isUnknown: string;

  constructor(isUnknown: '0' | '1') {
    this.#isUnknown = isUnknown;
  }

  async ask(statement: string): Promise<readonly (readonly string[])[]> {
    return statement === 'SELECT FROM_UNIXTIME(4000000000) IS NULL' ? [[this.#isUnknown]] : [];
  }
}

/** As MariaDB 10.11 and 11.8 answer. */
const [older, newer] = [new Server('1'), new Server('0')];

describe('a row that is current', () => {
  it('in an older server is read as current by a newer one, and compared so', async () => {
    const [kept] = await keepingCurrentRows([table(true)], older, newer);
    const end = "IF(`row_end`='2038-01-19 03:14:07.999999','2106-02-07 06:28:15.999999',`row_end`)";
    for (const query of [rowsQuery, checksumQuery]) {
      const text = query('`t`', kept?.columns ?? [], true);
      expect(text).toContain(`CONCAT(',','''',${end},'''')`);
      expect(text).toContain("CONCAT(',','''',`row_start`,'''')");
    }
  });

  it.each([
    ['both servers are older', table(true), older, older],
    ['both are newer', table(true), newer, newer],
    ['the new one is older', table(true), newer, older],
    ['the table has no history', table(false), older, newer],
  ])('is read as it is when %s', async (_, one, source, target) => {
    expect(await keepingCurrentRows([one], source, target)).toEqual([one]);
  });
});
