import { describe, expect, it } from 'vitest';
import type { JtelStack } from '../../crds/index.ts';
import { Waves } from './waves.ts';

const key = { namespace: 'customers', name: 'acme' };
const stack = (generation: number, deletionTimestamp?: string): JtelStack =>
  ({
    metadata: { ...key, generation, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
  }) as JtelStack;
const at = (milliseconds: number): Date => new Date(1_000_000 + milliseconds);

describe('a running wave', () => {
  it('is looked at once a second, however often somebody asks, first a second after its beginning', () => {
    const waves = new Waves();
    waves.begin(key, stack(1), at(0));
    const asked = [0, 400, 999, 1000, 1001, 1500, 2100, 2101];
    expect(asked.map((time) => Math.round(waves.nextLook(key, at(time)) * 1000) / 1000)).toEqual([
      1, 0.6, 0.001, 0, 0.999, 0.5, 0, 0.999,
    ]);
  });

  it('that has ended holds no look back', () => {
    const waves = new Waves();
    waves.begin(key, stack(1), at(0));
    waves.end(key);
    expect(waves.nextLook(key, at(1))).toBe(0);
    expect(waves.isUnwanted(key, stack(2))).toBe(false);
  });

  it.each([
    ['the spec that it was planned for', stack(1), false],
    ['another spec', stack(2), true],
    ['a deletion', stack(1, '2026-11-23T00:00:00Z'), true],
  ])('with %s: is it unwanted?', (_what, now, unwanted) => {
    const waves = new Waves();
    waves.begin(key, stack(1), at(0));
    expect(waves.isUnwanted(key, now)).toBe(unwanted);
  });
});
