import { expect, it } from 'vitest';
import type { JtelBackupStatus } from '../../../crds/index.ts';
import { backupEvents } from './events.ts';
import { missingFiles } from '../act/missing-files.ts';
import { leftOutPhrases } from './left-out.ts';
import { observing } from '../testing.ts';

const files = (...leftOut: NonNullable<Parameters<typeof leftOutPhrases>[0][number]['leftOut']>) => [
  { name: 'files', leftOut },
];

it('what was left out on purpose is not told, everything else is, with an example', () => {
  expect(leftOutPhrases(files({ kind: 'Excluded', entries: 9 }))).toEqual([]);
  expect(
    leftOutPhrases(
      files(
        { kind: 'Pipe', entries: 1, examples: ['run/pipe'] },
        { kind: 'Unreadable', entries: 2, examples: ['a', 'b'] },
      ),
    ),
  ).toEqual(['1 pipe in files (run/pipe)', '2 entries that could not be read in files (such as a)']);
});

it.each([
  ['Vanished', 2],
  ['Unreadable', 2],
  ['TooLong', 2],
  ['Pipe', 0],
  ['Changed', 0],
  ['Attribute', 0],
  ['Excluded', 0],
] as const)('of two %s, %i are missing', (kind, missing) => {
  expect(missingFiles(files({ kind, entries: 2 }))).toBe(missing);
});

it.each([
  ['a warning for files that are missing', 'Unreadable', 1, { type: 'Warning', reason: 'FilesMissing' }],
  [
    'nothing to worry about for what no backup keeps',
    'Socket',
    0,
    { type: 'Normal', reason: 'EntriesLeftOut' },
  ],
] as const)('%s', (_what, kind, missing, event) => {
  const datasets = [{ name: 'files', leftOut: [{ kind, entries: 1, examples: ['some/where'] }] }];
  const after: JtelBackupStatus = { manifestDigest: 'd', missingFiles: missing, datasets };
  const events = backupEvents({}, after, { kind: 'Done' }, observing());
  expect(events).toEqual([{ ...event, note: expect.stringContaining('some/where') as unknown }]);
});
