import { describe, expect, it } from 'vitest';
import {
  findCondition,
  formatTime,
  removeCondition,
  setCondition,
  summariseConditions,
  type Condition,
} from './conditions.ts';

const noon = new Date('2026-03-01T12:00:00.999Z');
const later = new Date('2026-03-01T13:00:00Z');
const ready: Omit<Condition, 'lastTransitionTime'> = {
  type: 'Ready',
  status: 'False',
  reason: 'Installing',
  message: 'pulling',
  observedGeneration: 1,
};

describe('a condition', () => {
  const first = setCondition(undefined, ready, noon);

  it('begins with the time it was set, in whole seconds', () => {
    expect(first).toEqual([{ ...ready, lastTransitionTime: '2026-03-01T12:00:00Z' }]);
    expect(formatTime(noon)).toBe('2026-03-01T12:00:00Z');
  });

  it('keeps its transition time when only reason or message change', () => {
    const second = setCondition(first, { ...ready, reason: 'Starting', message: 'starting' }, later);
    expect(second).toEqual([
      { ...ready, reason: 'Starting', message: 'starting', lastTransitionTime: '2026-03-01T12:00:00Z' },
    ]);
  });

  it('moves its transition time with its status', () => {
    expect(setCondition(first, { ...ready, status: 'True' }, later)[0]?.lastTransitionTime).toBe(
      '2026-03-01T13:00:00Z',
    );
  });

  it('gives back the same list when nothing changes, and never changes a list', () => {
    expect(setCondition(first, ready, later)).toBe(first);
    const frozen = Object.freeze([...first]);
    setCondition(frozen, { ...ready, status: 'True' }, later);
    setCondition(frozen, { ...ready, type: 'Other' }, later);
    expect(frozen).toEqual(first);
  });

  it('keeps its place among others', () => {
    const two = setCondition(first, { ...ready, type: 'HostReachable', status: 'True' }, noon);
    expect(setCondition(two, { ...ready, status: 'True' }, later).map(({ type }) => type)).toEqual([
      'Ready',
      'HostReachable',
    ]);
    expect(findCondition(two, 'HostReachable')?.status).toBe('True');
    expect(removeCondition(two, 'Ready').map(({ type }) => type)).toEqual(['HostReachable']);
    expect(removeCondition(two, 'Absent')).toBe(two);
  });
});

describe('the conditions after a look', () => {
  const rules = { generation: 2, transient: ['Reconciling'], longestMessage: 5, now: later };
  const before = [
    ...setCondition(setCondition(undefined, ready, noon), { ...ready, type: 'Reconciling' }, noon),
    ...setCondition(undefined, { ...ready, type: 'HostReachable' }, noon),
  ];
  const { observedGeneration: _, ...draft } = ready;

  it('have what was drafted, cut, of this generation; what was not keeps its last word or goes', () => {
    const after = summariseConditions(before, [{ ...draft, message: 'starting' }], rules);
    expect(after).toEqual([
      {
        ...ready,
        message: 'start',
        observedGeneration: 2,
        lastTransitionTime: '2026-03-01T12:00:00Z',
      },
      before[2],
    ]);
  });

  it('keep the transition time of a transient one that stays', () => {
    const after = summariseConditions(before, [{ ...draft, type: 'Reconciling' }], rules);
    expect(after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Ready', '2026-03-01T12:00:00Z'],
      ['Reconciling', '2026-03-01T12:00:00Z'],
      ['HostReachable', '2026-03-01T12:00:00Z'],
    ]);
  });
});
