import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../objects.ts';
import { isOutdated, WaveMemory, type Failure } from './wave-memory.ts';

const key = { namespace: 'x', name: 'a' };
const at = (milliseconds: number): Date => new Date(1_000_000 + milliseconds);

function object(generation: number, deletionTimestamp?: string, uid = 'uid'): KubernetesObject {
  const deleted = deletionTimestamp === undefined ? {} : { deletionTimestamp };
  return { metadata: { ...key, uid, generation, ...deleted } };
}

function aMemory(): WaveMemory<Failure, { seen: number }> {
  return new WaveMemory();
}

describe('what is remembered of an object', () => {
  const entry = { uid: 'uid', generation: 1, failures: 2, notes: { seen: 1 } };

  it.each([
    ['is there at the next look', object(1), entry],
    ['is forgotten when the spec changes', object(2), { ...entry, generation: 2, failures: 0, notes: {} }],
    [
      'says nothing of an object that was created again',
      object(1, undefined, 'other'),
      { ...entry, uid: 'other', failures: 0, notes: {} },
    ],
  ])('%s', (_, now, expected) => {
    const memory = aMemory();
    memory.keep(key, entry);
    expect(memory.recall(key, now)).toEqual(expected);
  });

  it('keeps failures when something is noted, unless the note is about another life', () => {
    const memory = aMemory();
    memory.keep(key, entry);
    memory.note(key, object(1), { seen: 5 });
    expect(memory.recall(key, object(1))).toEqual({ ...entry, notes: { seen: 5 } });
    memory.note(key, object(1, undefined, 'other'), { seen: 6 });
    expect(memory.recall(key, object(1, undefined, 'other'))).toMatchObject({
      failures: 0,
      notes: { seen: 6 },
    });
  });
});

describe('a running wave', () => {
  it('is looked at once a second, however often somebody asks, first a second after its beginning', () => {
    const memory = aMemory();
    memory.begin(key, object(1), at(0));
    const asked = [0, 400, 999, 1000, 1001, 1500, 2100, 2101];
    expect(asked.map((time) => Math.round(memory.nextLook(key, 1, at(time)) * 1000) / 1000)).toEqual([
      1, 0.6, 0.001, 0, 0.999, 0.5, 0, 0.999,
    ]);
  });

  it('that has ended holds no look back', () => {
    const memory = aMemory();
    memory.begin(key, object(1), at(0));
    memory.end(key);
    expect(memory.nextLook(key, 1, at(1))).toBe(0);
    expect(memory.begun(key)).toBeUndefined();
  });

  it.each([
    ['the spec that it was planned for', object(1), false],
    ['another spec', object(2), true],
    ['a deletion', object(1, '2026-11-23T00:00:00Z'), true],
  ])('with %s: is it outdated?', (_, now, outdated) => {
    const memory = aMemory();
    memory.begin(key, object(1), at(0));
    const begun = memory.begun(key);
    expect(begun !== undefined && isOutdated(begun, now)).toBe(outdated);
  });
});
