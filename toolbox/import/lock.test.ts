import { describe, expect, it } from 'vitest';
import { JobError } from '../job-error.ts';
import { whileLocked } from './lock.ts';
import type { Source } from './source.ts';

/** An old database with a table, a view and a table without rows. @param asked what it was asked */
function oldDatabase(asked: string[]): { readonly source: Source; readonly cut: { isCut: boolean } } {
  const cut = { isCut: false };
  const hex = (name: string): string => Buffer.from(name).toString('hex');
  const found = [
    [hex('jtel'), hex('calls'), 'BASE TABLE', 'InnoDB', 'YES', '1'],
    [hex('jtel'), hex('recent'), 'VIEW', '', 'NO', '0'],
    [hex('jtel'), hex('far'), 'BASE TABLE', 'FEDERATED', 'NO', '0'],
  ];
  const ask = async (statement: string): Promise<readonly (readonly string[])[]> => {
    if (cut.isCut) throw new JobError('DatabaseFailed', 'ERROR 2006 (HY000): Server has gone away');
    if (statement.startsWith('SELECT')) return found;
    asked.push(statement);
    return [];
  };
  return { cut, source: { begin: async () => ({ ask, stream: async () => 0 }) } };
}

describe('while the old tables are locked', () => {
  it('there is work, and they are locked until its end', async () => {
    const asked: string[] = [];
    const { source } = oldDatabase(asked);
    const done = await whileLocked(source, ['jtel'], async () => asked.push('work'));
    expect(asked).toEqual(['LOCK TABLES `jtel`.`calls` READ', 'work', 'DO 1']);
    expect(done).toBe(2);
  });

  it('their connection may be cut, and then what was compared does not count', async () => {
    const { source, cut } = oldDatabase([]);
    const working = whileLocked(source, ['jtel'], async () => {
      cut.isCut = true;
    });
    await expect(working).rejects.toMatchObject({
      reason: 'SourceUnreachable',
      message: expect.stringMatching(/did not stay locked.*ERROR 2006/),
    });
  });

  it('what fails is told as it is', async () => {
    const { source, cut } = oldDatabase([]);
    const working = whileLocked(source, ['jtel'], async () => {
      cut.isCut = true;
      throw new JobError('ImportDiffers', 'calls');
    });
    await expect(working).rejects.toMatchObject({ reason: 'ImportDiffers' });
  });
});
