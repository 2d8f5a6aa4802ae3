/** The words of findings, each once; what is found when is tested beside the planner and in the stories. */
import { describe as group, expect, test } from 'vitest';
import type { JtelRestore } from '../../../crds/index.ts';
import type { CheckFacts } from '../observe/observed.ts';
import type { Facts } from '../plan/findings.ts';
import { describeCheck } from './checks.ts';
import { describe, describePlan } from './sentences.ts';

const failed = { is: 'JobFailed', job: { type: 'Restore', message: 'no answer.' } } as const;

test.each([
  [{ is: 'NoStack', stack: 'main' }, 'JtelStack main does not exist in this namespace: create it.'],
  [
    {
      is: 'Ahead',
      namespace: 'acme',
      ahead: {
        name: 'first',
        phase: 'Loading',
        since: '2026-03-01T02:00:00Z',
        message: `a pack is missing. ${'x'.repeat(400)}end`,
      },
    },
    /first .* is Loading since 2026-03-01T02:00:00Z.*kubectl delete jtelrestore first -n acme.*a pack is missing\. x+$/,
  ],
  [{ is: 'Moving', stack: 'main' }, 'is being moved to another host: it is restored when it has arrived.'],
  [{ is: 'Moving', stack: 'main', message: 'refused.' }, 'that does not go on: refused.'],
  [{ is: 'HostNotReady', stack: 'main' }, 'it was not looked at yet'],
  [{ is: 'HostNotReady', stack: 'main', message: 'refused.' }, 'host of JtelStack main: refused.'],
  [
    { is: 'NotBegun', withinSeconds: 3600, because: { is: 'Told', message: 'no answer.' } },
    /^It could not begin within 60 minutes, and nothing was touched: no answer\. .* create another JtelRestore\.$/,
  ],
  [{ is: 'Untouched', because: { is: 'Told', message: 'damaged.' } }, 'damaged. Nothing was touched.'],
  [{ is: 'Expired', notAfter: '2026-03-01T02:00:00Z' }, /by 2026-03-01T02:00:00Z .*a later notAfter/],
  [
    { is: 'WouldRestore', stack: 'main', backupFirst: true, way: 'Beside', keepHours: 24 },
    /make a backup of what is there, load the backup beside the data in use while main serves.*for 24 hours/,
  ],
  [
    { is: 'WouldRestore', stack: 'main', backupFirst: false, way: 'InPlace', keepHours: 24 },
    'Execute would stop main, overwrite its data in place, and start it',
  ],
  [{ is: 'WouldUndo', stack: 'main', source: 'vanilla' }, /stop main, switch back to vanilla.*since then/],
  [{ is: 'UndoNotPossible', restoreUID: 'u-1' }, /uid u-1 cannot be undone: there are no data from before/],
  [
    {
      is: 'Restored',
      stack: 'main',
      undone: false,
      source: 'b-1',
      downtimeSeconds: 9,
      previousUntilTime: 'T',
    },
    'b-1 is restored and the stack is healthy. It was down for 9 s. Until T: kubectl jtel restore undo main.',
  ],
  [{ is: 'OrderFailed', message: 'no.', dataIncomplete: true }, /^no\. The stack is stopped.*are incomplete/],
  [{ is: 'OrderFailed', message: 'no.', dataIncomplete: false }, 'no. Nothing was overwritten'],
  [
    { is: 'ScratchLeft', project: 'jtel-test-1', message: 'away.' },
    /jtel-test-1 cannot be removed: away\..*jtel\.de\/abandon-host=true/,
  ],
  [{ is: 'TriedAgain', inSeconds: 60, because: failed }, /restored: no answer\. It is tried again in 60 s\./],
  [{ is: 'JobFailed', job: { type: 'Count', exitCode: 1 } }, 'could not be read: exit code 1'],
  [{ is: 'JobFailed', job: { type: 'Smoke', message: 'no.' } }, 'The restored stack could not be asked: no.'],
  [{ is: 'ServiceNotUp', service: 'web' }, 'web, which smoke checks ask, does not stay up on the restored'],
  [
    { is: 'SmokeFailed', failures: ['a', 'b'] },
    'Smoke checks of the release failed on the restored data: a; b.',
  ],
  [{ is: 'Matches', seconds: 9, summary: '2 tables', checks: 0 }, 'counted in 9 s: 2 tables.'],
  [{ is: 'Matches', seconds: 9, summary: '2 tables', checks: 1 }, '2 tables, 1 smoke check passed.'],
  [{ is: 'Differs', differences: ['1', '2', '3', '4', '5', '6'] }, /backed up: 1; 2; 3; 4; 5\.$/],
] satisfies [Facts, string | RegExp][])('%j', (facts, words) => {
  expect(describe(facts)).toMatch(words);
});

const room = { neededBytes: 1.1 * 2 ** 30, freeBytes: 2 ** 20, address: '192.0.2.10' };

group('a check', () => {
  test.each([
    [{ is: 'Release', release: '4', ofData: '3' }, 'Release 4 is there and can update data of 3.'],
    [{ is: 'Room', ...room }, '1.1 GiB are needed and 1.0 MiB are free on 192.0.2.10.'],
    [{ is: 'NoRoomBeside', ...room }, /1\.1 GiB are needed and 1\.0 MiB are free.*inPlace Accept/],
    [{ is: 'DataNotEmpty', stack: 'main', data: { source: 'x' } }, /data from x.*confirmReplace main/],
    [
      { is: 'Replaces', data: { source: 'x', state: 'Incomplete' } },
      'incomplete data of x; overwriting is confirmed',
    ],
    [{ is: 'NoBackupPossible', why: 'Give the key.' }, /none can be made: Give the key\. Do that, .*to Skip/],
  ] satisfies [CheckFacts, string | RegExp][])('%j', (facts, words) => {
    expect(describeCheck(facts)).toMatch(words);
  });
});

test('a wave is called after its first action, and taking the host is none', () => {
  const restore = { metadata: { uid: '0123456789ab' } } as JtelRestore;
  const says = (action: Parameters<typeof wave>[0]): string => describePlan(wave(action), restore);
  expect(says({ type: 'StartDatabase', service: 'acd-dbm', cause: 'Loaded' })).toBe(
    'starting acd-dbm of jtel-test-0123456789ab',
  );
  expect(says({ type: 'RemoveJob', uid: 'u', job: failed.job, cause: 'JobFailed' })).toBe(
    'trying again: no answer.',
  );
});

function wave(action: Extract<Parameters<typeof describePlan>[0], { kind: 'Act' }>['wave'][number]) {
  const claim = { type: 'ClaimHost', cause: 'ActsOnHost' } as const;
  return { kind: 'Act', phase: 'Loading', wave: [claim, action] } as const;
}
