import { beforeEach, describe, expect, it } from 'vitest';
import type { DefinedTable } from '../backup/definitions.ts';
import { quoteName } from '../database/conversation.ts';
import { CopiedList } from './copied-list.ts';
import { dropOthers } from './stored.ts';

/** A new database, as far as it is asked here. Statements that change it are kept. */
class Target {
  readonly tables = new Set<string>();
  readonly listed = new Map<string, string>();
  readonly changes: string[] = [];

  readonly ask = async (statement: string): Promise<readonly (readonly string[])[]> => {
    const [, name = '', definition = ''] = /VALUES \('(\w+)', '(\w+)'\)/.exec(statement) ?? [];
    if (name !== '') this.listed.set(name, definition);
    const [, forgotten = ''] = /DELETE FROM .* name = '(\w+)'/.exec(statement) ?? [];
    this.listed.delete(forgotten);
    const [, dropped = ''] = /DROP TABLE IF EXISTS (\S+)$/.exec(statement) ?? [];
    this.tables.delete(dropped);
    if (/DELETE|DROP/.test(statement)) this.changes.push(statement);
    if (statement.startsWith('SELECT name')) return [...this.listed];
    if (!statement.startsWith('SELECT HEX')) return [];
    const within = [...this.tables].filter((quoted) => statement.includes(`'${quoted.split('`')[1]}'`));
    return within.map((quoted) => [
      ...quoted.split('.').map((part) => Buffer.from(part.slice(1, -1)).toString('hex')),
      'BASE TABLE',
      'InnoDB',
      'YES',
      '1',
    ]);
  };
}

const table = (schema: string, name: string): DefinedTable => ({
  schema,
  name,
  quoted: quoteName(schema, name),
  kind: 'Table',
  hasHistory: false,
  engine: 'InnoDB',
  isTransactional: true,
  bytes: 1,
  create: `CREATE TABLE ${quoteName(name)} (id INT)`,
  columns: [],
  isLax: false,
});
const calls = table('jtel', 'calls');
const days = table('stats', 'days');
const both = ['jtel', 'stats'];

describe('what was copied', () => {
  let target: Target;
  beforeEach(async () => {
    target = new Target();
    const list = await CopiedList.open(target, 'old:3306');
    for (const one of [calls, days]) {
      target.tables.add(one.quoted);
      await list.add(one);
    }
  });

  it('counts for another try, while its definition is the same', async () => {
    const list = await CopiedList.open(target, 'old:3306');
    await dropOthers(target, list, both, { tables: [calls, days] });
    expect(target.changes).toEqual([]);
    expect(list.has(calls)).toBe(true);
    expect(list.has({ ...calls, create: `${calls.create} ENGINE=Aria` })).toBe(false);
  });

  it('does not count when it is from another database', async () => {
    expect((await CopiedList.open(target, 'other:3306')).has(calls)).toBe(false);
  });

  it('is dropped with its schema, when that is no longer brought', async () => {
    const list = await CopiedList.open(target, 'old:3306');
    await dropOthers(target, list, both, { tables: [calls] });
    expect([...target.tables]).toEqual([calls.quoted]);
  });

  it('is copied again, when the old database dropped it and then made it again', async () => {
    await dropOthers(target, await CopiedList.open(target, 'old:3306'), both, { tables: [days] });
    expect(target.changes).toEqual([
      expect.stringContaining('DELETE FROM'),
      expect.stringContaining('DROP TABLE IF EXISTS `jtel`.`calls`'),
    ]);
    const later = await CopiedList.open(target, 'old:3306');
    expect([later.has(calls), later.has(days)]).toEqual([false, true]);
  });

  it('is copied again, when somebody else dropped it', async () => {
    target.tables.clear();
    const list = await CopiedList.open(target, 'old:3306');
    await dropOthers(target, list, both, { tables: [calls, days] });
    expect([list.has(calls), list.has(days)]).toEqual([false, false]);
  });
});
