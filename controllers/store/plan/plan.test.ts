import { describe, expect, test } from 'vitest';
import type { Observed } from '../observe/observed.ts';
import { plan } from './plan.ts';
import { aStore, hoursAgo, now } from '../testing.ts';

const listed: Observed = { kind: 'Listed', contents: undefined };
const unusable: Observed = { kind: 'Unusable', problem: { reason: 'StoreUnreachable', message: 'away' } };

describe('a probe is written', () => {
  test.each([
    ['at the first look', 'NeverProbed', aStore()],
    [
      'a day after the last one',
      'ProbeOld',
      aStore({}, { observedGeneration: 1, lastProbeTime: hoursAgo(24) }),
    ],
    [
      'after a change of the spec',
      'SpecChanged',
      aStore({}, { observedGeneration: 1, lastProbeTime: hoursAgo(1) }, 2),
    ],
    [
      'when the last one lies in the future',
      'ProbeOld',
      aStore({}, { observedGeneration: 1, lastProbeTime: hoursAgo(-1) }),
    ],
    [
      'while the store was found not to be immutable',
      'NotImmutable',
      aStore(
        {},
        {
          observedGeneration: 1,
          lastProbeTime: hoursAgo(1),
          conditions: [
            {
              type: 'Immutable',
              status: 'False',
              reason: 'NotImmutable',
              message: '',
              lastTransitionTime: hoursAgo(1),
            },
          ],
        },
      ),
    ],
    [
      'when the time of the last one cannot be read',
      'ProbeOld',
      aStore({}, { observedGeneration: 1, lastProbeTime: 'yesterday' }),
    ],
  ] as const)('%s', (_, cause, store) => {
    expect(plan(store, listed, now)).toMatchObject([
      { type: 'WriteProbe', cause },
      { type: 'ProveImmutable', cause },
    ]);
  });
});

describe('no probe is written', () => {
  test.each([
    [
      'less than a day after the last one',
      aStore({}, { observedGeneration: 1, lastProbeTime: hoursAgo(23) }),
      listed,
    ],
    ['to a store that is only read', aStore({ accessMode: 'ReadOnly' }), listed],
    ['to a store that cannot be listed', aStore(), unusable],
  ])('%s', (_, store, observed) => {
    expect(plan(store, observed, now)).toEqual([]);
  });
});

test('nothing is tried to be destroyed in a store of which nothing is asked', () => {
  expect(plan(aStore({ immutability: { policy: 'None', retentionDays: 180 } }), listed, now)).toMatchObject([
    { type: 'WriteProbe' },
  ]);
});

const nameOf = (store = aStore(), time = now): string => plan(store, listed, time)[0]?.name ?? '';

describe('the name of a probe', () => {
  test('stays the same for the whole day, so that trying again adds nothing to an immutable store', () => {
    expect(nameOf()).toMatch(/^\.jtel-probe\/2026-03-01-[0-9a-f]{16}$/);
    expect(nameOf(aStore(), new Date('2026-03-01T23:59:59Z'))).toBe(nameOf());
    expect(plan(aStore(), listed, now)).toEqual(plan(aStore(), listed, new Date('2026-03-01T23:59:59Z')));
  });

  test('is another one on the next day, and after a change of the spec', () => {
    const names = [
      nameOf(),
      nameOf(aStore(), new Date('2026-03-02T00:00:00Z')),
      nameOf(aStore({}, undefined, 2)),
    ];
    expect(new Set(names).size).toBe(3);
  });
});
