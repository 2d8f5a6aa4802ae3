import { describe, expect, it } from 'vitest';
import type { JtelChannel, JtelStack } from '../../crds/index.ts';
import { positionOf, waveOf } from './place.ts';

type Waves = JtelChannel['spec']['waves'];

const waves: Waves = [
  { name: 'pilot', selector: { labels: [{ name: 'tier', value: 'pilot' }] } },
  { name: 'first', percent: 20 },
  { name: 'rest', percent: 80 },
];

function placed(
  name: string,
  { labels = {}, channelWave, of = waves }: { labels?: object; channelWave?: string; of?: Waves } = {},
): string | undefined {
  const stack = {
    metadata: { namespace: 'acme', name, labels },
    spec: channelWave === undefined ? {} : { channelWave },
  } as unknown as JtelStack;
  const wave = waveOf(stack, { spec: { waves: of } } as unknown as JtelChannel);
  return wave === undefined ? undefined : of[wave]?.name;
}

const many = Array.from({ length: 2000 }, (_, index) => `stack-${index}`);

describe('the wave of a stack', () => {
  it('is the one that it names, whatever its labels', () =>
    expect(placed('a', { labels: { tier: 'pilot' }, channelWave: 'rest' })).toBe('rest'));
  it('is none if it names one that does not exist', () =>
    expect(placed('a', { channelWave: 'nobody' })).toBeUndefined());
  it('is the first whose selector matches', () =>
    expect(placed('a', { labels: { tier: 'pilot', x: 'y' } })).toBe('pilot'));
  it('is none if there are only selectors, and none matches', () =>
    expect(placed('a', { of: waves.slice(0, 1) })).toBeUndefined());
  it('is one with a percentage otherwise, in about that proportion', () => {
    const first = many.filter((name) => placed(name) === 'first').length;
    expect(first / many.length).toBeGreaterThan(0.16);
    expect(first / many.length).toBeLessThan(0.24);
  });
  it('stays the same when a share grows, for those that were in it', () => {
    const grown: Waves = [
      { name: 'first', percent: 50 },
      { name: 'rest', percent: 50 },
    ];
    const before = many.filter((name) => placed(name) === 'first');
    expect(before.filter((name) => placed(name, { of: grown }) !== 'first')).toEqual([]);
  });
  it('follows from namespace and name alone', () =>
    expect(positionOf({ namespace: 'acme', name: 'main' })).toBe(
      positionOf({ namespace: 'acme', name: 'main' }),
    ));
});
