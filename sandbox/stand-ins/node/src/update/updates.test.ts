import { describe, expect, test } from 'vitest';
import { compareReleases } from './version.ts';
import { DataTooNew, parseUpdate, planUpdates } from './updates.ts';
import type { RecordedUpdate, Update } from './updates.ts';

const update = (version: number, steps: number): Update => ({
  version,
  name: `update-${version}`,
  steps: Array.from({ length: steps }, (_, index) => ({ title: `step ${index + 1}`, statements: ['DO 0'] })),
});
const recorded = (version: number, stepsDone: number, finished: boolean): RecordedUpdate => ({
  version,
  stepsDone,
  finished,
  release: '3.43.2',
});
const planned = (updates: readonly Update[], records: readonly RecordedUpdate[]): readonly string[] =>
  planUpdates(updates, records, '3.43.1').map((step) => `${step.update.version}:${step.number}`);

describe('what is still to be done', () => {
  test('everything that is not recorded, in order', () => {
    expect(planned([update(3, 1), update(1, 1), update(2, 2)], [recorded(1, 1, true)])).toEqual([
      '2:1',
      '2:2',
      '3:1',
    ]);
  });

  test('the rest of an update that was killed half-way', () => {
    expect(planned([update(1, 1), update(2, 3)], [recorded(1, 1, true), recorded(2, 1, false)])).toEqual([
      '2:2',
      '2:3',
    ]);
  });

  test('nothing when all is recorded', () => {
    expect(planned([update(1, 1)], [recorded(1, 1, true)])).toEqual([]);
  });

  test('data of a newer release are refused, with what to do', () => {
    const plan = (): unknown => planned([update(1, 1)], [recorded(1, 1, true), recorded(2, 1, false)]);
    expect(plan).toThrow(DataTooNew);
    expect(plan).toThrow(
      /schema version 2 of release 3\.43\.2.*install release 3\.43\.2 or newer, or restore/,
    );
  });
});

describe('update files', () => {
  test('steps have titles and statements; comments are none', () => {
    const text =
      '-- What it is for.\n-- step: one\nDO 1;\n-- a comment\nDO 2;\n-- step: two\nCREATE TABLE a (\n  b INT\n);\n';
    expect(parseUpdate('0002-display-names.sql', text)).toEqual({
      version: 2,
      name: 'display-names',
      steps: [
        { title: 'one', statements: ['DO 1', 'DO 2'] },
        { title: 'two', statements: ['CREATE TABLE a (\n  b INT\n)'] },
      ],
    });
  });

  test.each([
    ['display-names.sql', '-- step: one\nDO 1;\n', /NNNN-name/],
    ['0002-x.sql', 'DO 1;\n-- step: one\nDO 1;\n', /belongs below/],
    ['0002-x.sql', '-- nothing\n', /belongs below/],
    ['0002-x.sql', '-- step: one\n-- only a comment\n', /has no statement/],
  ])('%s with %j is refused', (name, text, message) => {
    expect(() => parseUpdate(name, text)).toThrow(message);
  });
});

test('releases compare by number, not by letter', () => {
  expect(['3.43.10', '3.5.2', '3.43.9'].toSorted(compareReleases)).toEqual(['3.5.2', '3.43.9', '3.43.10']);
  expect(compareReleases('3.43.1', '3.43.1')).toBe(0);
  expect(() => compareReleases('3.43', '3.43.1')).toThrow(/no release/);
});
