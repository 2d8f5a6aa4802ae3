import { describe, expect, it } from 'vitest';
import type { UpdateWindow } from '../../crds/index.ts';
import { sayLocally, windowState } from './update-windows.ts';

const window = (changes: Partial<UpdateWindow> = {}): UpdateWindow => ({
  days: ['Sun'],
  start: '02:00',
  durationMinutes: 120,
  timeZone: 'Europe/Berlin',
  ...changes,
});
const at = (time: string, ...windows: readonly UpdateWindow[]): string => {
  const state = windowState(windows, new Date(time));
  return state.kind === 'Closed' ? state.next.toISOString() : state.kind;
};

describe('an update may begin', () => {
  it('always, without windows', () => {
    expect(windowState(undefined, new Date())).toEqual({ kind: 'Open' });
    expect(windowState([], new Date())).toEqual({ kind: 'Open' });
  });

  const moments: readonly (readonly [string, string, UpdateWindow, string])[] = [
    ['from the minute it opens', '2026-06-07T00:00:00Z', window(), 'Open'],
    ['not a second earlier', '2026-06-06T23:59:59Z', window(), '2026-06-07T00:00:00.000Z'],
    ['until its last second', '2026-06-07T01:59:59Z', window(), 'Open'],
    ['not when it has just closed', '2026-06-07T02:00:00Z', window(), '2026-06-14T00:00:00.000Z'],
    [
      'after midnight in a window that opened the day before',
      '2026-06-07T00:29:00Z',
      window({ days: ['Sat'], start: '22:30', durationMinutes: 240 }),
      'Open',
    ],
    [
      'at the end of a window of a whole day',
      '2026-06-08T00:59:00Z',
      window({ start: '03:00', durationMinutes: 1440 }),
      'Open',
    ],
    [
      'in a zone whose day is another one',
      '2026-06-07T11:00:00Z',
      window({ days: ['Mon'], start: '00:30', timeZone: 'Pacific/Kiritimati' }),
      'Open',
    ],
    ['in a zone with half an hour', '2026-06-06T20:30:00Z', window({ timeZone: 'Asia/Kolkata' }), 'Open'],
    ['in winter an hour later by UTC', '2026-01-04T00:30:00Z', window(), '2026-01-04T01:00:00.000Z'],
  ];
  it.each(moments)('%s (%s)', (_, time, one, expected) => expect(at(time, one)).toBe(expected));

  it('in whichever of several windows comes first', () => {
    expect(at('2026-06-03T12:00:00Z', window(), window({ days: ['Thu', 'Fri'], start: '23:00' }))).toBe(
      '2026-06-04T21:00:00.000Z',
    );
  });
});

describe('when the clocks change', () => {
  // Europe/Berlin goes from 02:00 to 03:00 at 01:00 UTC on 2026-03-29, and from 03:00 to 02:00 at 01:00 UTC on 2026-10-25.
  it('a start that is skipped comes as much later as the clock was set forward', () => {
    expect(at('2026-03-28T12:00:00Z', window({ start: '02:30' }))).toBe('2026-03-29T01:30:00.000Z');
    expect(sayLocally(new Date('2026-03-29T01:30:00Z'), 'Europe/Berlin')).toBe(
      'Sun 2026-03-29 03:30 Europe/Berlin',
    );
  });
  it('a start that comes twice counts the first time', () => {
    expect(at('2026-10-24T12:00:00Z', window({ start: '02:30' }))).toBe('2026-10-25T00:30:00.000Z');
    expect(at('2026-10-25T01:30:00Z', window({ start: '02:30', durationMinutes: 30 }))).toBe(
      '2026-11-01T01:30:00.000Z',
    );
  });
  it('a window over the change is as long as it says', () => {
    const over = window({ start: '01:30', durationMinutes: 60 });
    expect(at('2026-03-29T01:29:59Z', over)).toBe('Open');
    expect(at('2026-03-29T01:30:00Z', over)).toBe('2026-04-04T23:30:00.000Z');
    expect(at('2026-10-25T00:29:59Z', over)).toBe('Open');
    expect(at('2026-10-25T00:30:00Z', over)).toBe('2026-11-01T00:30:00.000Z');
  });
  it('other places change on other days', () => {
    expect(at('2026-03-08T06:00:00Z', window({ timeZone: 'America/New_York', start: '02:30' }))).toBe(
      '2026-03-08T07:30:00.000Z',
    );
    expect(at('2026-10-04T00:00:00Z', window({ timeZone: 'Australia/Lord_Howe', start: '02:15' }))).toBe(
      '2026-10-10T15:15:00.000Z',
    );
  });
});

it('a time zone that nobody knows is told', () => {
  expect(windowState([window({ timeZone: 'Europe/Entenhausen' })], new Date())).toEqual({
    kind: 'Invalid',
    timeZone: 'Europe/Entenhausen',
  });
});
