import { describe, expect, it } from 'vitest';
import type { StackChannel } from '../../../crds/index.ts';
import { Oracle, type Seen } from './oracle.ts';

const [before, after] = ['1', '2'];
const members = [
  { name: 'pilot', wave: 0, isAway: false },
  { name: 'away', wave: 0, isAway: true },
  { name: 'one', wave: 1, isAway: false },
  { name: 'two', wave: 1, isAway: false },
  { name: 'three', wave: 1, isAway: false },
];

function seen(state: StackChannel['state'], changes: Partial<Seen> & { readonly turn?: number } = {}): Seen {
  const { turn = 1, ...others } = changes;
  const time = '2026-03-01T03:00:00Z';
  const version = state === 'Updated' ? after : before;
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Applied',
    message: '',
    lastTransitionTime: time,
  };
  const channel: StackChannel = { name: 'stable', version: after, state, turn, time };
  return { version, channel, conditions: [condition as never], ...others };
}

function watched(...changes: readonly (readonly [name: string, status: Seen])[]): Oracle {
  const oracle = new Oracle(members, { version: after, maxUnavailable: 2 });
  for (const [name, status] of changes) oracle.see(name, status);
  return oracle;
}

const pilotIsDone = [
  ['pilot', seen('Taken')],
  ['pilot', seen('Updating')],
  ['pilot', seen('Updated')],
] as const;

describe('a rollout', () => {
  it('is right that goes wave by wave, with as many at once as may', () => {
    const oracle = watched(...pilotIsDone, ['one', seen('Taken')], ['two', seen('Failed')]);
    expect([oracle.faults, oracle.mostAtOnce, oracle.updated]).toEqual([[], 2, 1]);
  });

  it.each([
    ['begins a wave before the one before is through', [['one', seen('Taken')]], /^one before pilot/],
    [
      'has one too many',
      [...pilotIsDone, ['one', seen('Taken')], ['two', seen('Updating')], ['three', seen('Taken')]],
      /^three was one too many$/,
    ],
    [
      'updates one without a turn',
      [...pilotIsDone, ['one', { ...seen('Updated'), channel: undefined }]],
      /^one was updated without a turn$/,
    ],
    [
      'updates one of a later wave, of which nobody saw the turn',
      [['one', seen('Updated')]],
      /^one before pilot/,
    ],
    [
      'lets one give its turn back while it is not well',
      [
        ['pilot', seen('Updating')],
        ['pilot', seen('Updated', { conditions: [] })],
      ],
      /^pilot gave its turn back before it was well$/,
    ],
  ] as const)('is wrong that %s', (_, changes, fault) => {
    expect(watched(...(changes as readonly (readonly [string, Seen])[])).faults).toEqual([
      expect.stringMatching(fault),
    ]);
  });
});
