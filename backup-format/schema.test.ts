import { describe, expect, it } from 'vitest';
import {
  FormatError,
  distinct,
  informing,
  integer,
  list,
  object,
  oneBy,
  oneOf,
  optional,
  read,
  text,
} from './schema.ts';

const shape = oneBy('kind', {
  Circle: object({ kind: oneOf(['Circle']), radius: integer(1, 9) }),
  Path: object({
    kind: oneOf(['Path']),
    points: distinct(list(object({ name: text(/^[a-z]+$/, 3) }), { least: 1, most: 3 }), ({ name }) => name),
    note: optional(text()),
    hint: informing(text()),
  }),
});
const path = { kind: 'Path', points: [{ name: 'a' }, { name: 'b' }] };

describe('what fits', () => {
  it.each([
    ['whole', { kind: 'Circle', radius: 3 }, { kind: 'Circle', radius: 3 }],
    ['without what may be absent', path, path],
    [
      'without fields that are not known',
      { ...path, points: [{ name: 'a', x: 1 }], more: 1 },
      { ...path, points: [{ name: 'a' }] },
    ],
    ['without a hint that does not fit', { ...path, hint: 7 }, path],
  ])('is given back %s', (_, given, checked) => {
    expect(read(shape, given, 'the shape')).toStrictEqual(checked);
  });

  it('is a copy: what is done to it later does not change what was given', () => {
    expect(read(shape, path, 'the shape')).not.toBe(path);
  });
});

describe('what does not fit is told with its place and without its value', () => {
  it.each([
    ['no object', 'canary', 'the shape: must be an object'],
    ['a list', [], 'the shape: must be an object'],
    ['no kind', {}, 'the shape: kind must be Circle or Path'],
    ['a kind that every object inherits', { kind: 'constructor' }, 'the shape: kind must be Circle or Path'],
    [
      'a field that is inherited only',
      Object.create({ kind: 'Circle', radius: 3 }),
      'the shape: kind must be Circle or Path',
    ],
    [
      'a number that is too big',
      { kind: 'Circle', radius: 10 },
      'the shape: radius must be a whole number from 1 to 9',
    ],
    ['a fraction', { kind: 'Circle', radius: 1.5 }, 'the shape: radius must be a whole number from 1 to 9'],
    ['a missing list', { kind: 'Path' }, 'the shape: points must be a list of at most 3'],
    ['an empty list', { kind: 'Path', points: [] }, 'the shape: points must not be empty'],
    [
      'a long list',
      { kind: 'Path', points: ['a', 'b', 'c', 'd'] },
      'the shape: points must be a list of at most 3',
    ],
    [
      'a text in a list',
      { kind: 'Path', points: [{ name: 'a' }, { name: 'CANARY' }] },
      'the shape: points[1].name must be a text of at most 3 characters that matches ^[a-z]+$',
    ],
    [
      'a name twice',
      { kind: 'Path', points: [{ name: 'a' }, { name: 'a' }] },
      'the shape: points has "a" twice',
    ],
    ['what may be absent and is wrong', { ...path, note: null }, /^the shape: note must be a text/],
  ])('%s', (_, given, message) => {
    const reading = (): unknown => read(shape, given, 'the shape');
    expect(reading).toThrow(FormatError);
    expect(reading).toThrow(message);
    expect(reading).not.toThrow(/canary/i);
  });
});
