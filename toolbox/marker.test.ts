import { describe, expect, test } from 'vitest';
import { decide, parseMarker } from './marker.ts';
import type { Found } from './marker.ts';
import type { Marker } from '../jobs/load.ts';

const time = '2026-01-05T06:00:00.000Z';
const marker = (loadID: string, state: Marker['state']): Marker => ({ loadID, state, time });
const found = (fields: Partial<Found>): Found => ({
  what: 'the database',
  marker: undefined,
  entries: 0,
  examples: [],
  ...fields,
});

describe('what a load may do with what it finds', () => {
  test('empty and unmarked: load', () => {
    expect(decide(found({}), 'mine')).toBe('Load');
  });

  test('its own unfinished data: start over', () => {
    expect(
      decide(found({ marker: marker('mine', 'loading'), entries: 3, examples: ['jtel.users'] }), 'mine'),
    ).toBe('LoadAgain');
  });

  test('its own finished data: nothing, whatever the stack has done to them since', () => {
    expect(decide(found({ marker: marker('mine', 'loaded'), entries: 0 }), 'mine')).toBe('Done');
  });

  test.each([
    ['unmarked data', found({ entries: 2, examples: ['jtel.a', 'jtel.b'] })],
    ['another load’s data', found({ marker: marker('other', 'loaded'), entries: 1, examples: ['jtel.a'] })],
    [
      'another load’s unfinished data',
      found({ marker: marker('other', 'loading'), entries: 1, examples: ['jtel.a'] }),
    ],
    ['another load’s mark on nothing', found({ marker: marker('other', 'loading') })],
  ])('%s: refuse', (_what, what) => {
    expect(() => decide(what, 'mine')).toThrow(expect.objectContaining({ reason: 'DataNotEmpty' }));
  });

  test('a refusal says what is there, whose it is, and that it is whole', () => {
    const data = found({ marker: marker('other', 'loaded'), entries: 9, examples: ['jtel.a', 'jtel.b'] });
    expect(() => decide(data, 'mine')).toThrow(
      `the database is not empty (written by load other at ${time}): 9 entries: jtel.a, jtel.b, …. Nothing was touched`,
    );
  });
});

describe('reading markers', () => {
  test('takes what was written', () => {
    expect(parseMarker(JSON.stringify(marker('mine', 'loaded')), 'here')).toEqual(marker('mine', 'loaded'));
  });

  test.each([
    '',
    'null',
    '{}',
    '{"loadID":"x","state":"done","time":"now"}',
    '{"loadID":7,"state":"loaded","time":"now"}',
  ])('what it does not understand counts as somebody else’s data: %s', (text) => {
    expect(() => parseMarker(text, 'here')).toThrow(expect.objectContaining({ reason: 'DataNotEmpty' }));
  });

  test('a refusal says where it looked, and that it touched nothing', () => {
    expect(() => parseMarker('null', 'file tree files')).toThrow(
      'the marker in file tree files cannot be understood, so the data there is left alone',
    );
  });
});
