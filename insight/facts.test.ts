import { describe, expect, it } from 'vitest';
import { aStack } from '../controllers/stack/testing.ts';
import type { StackChannel } from '../crds/index.ts';
import { factsOf } from './facts.ts';

const now = new Date('2026-12-01T00:10:00Z');

describe('the channel of a stack', () => {
  const of = (channel: StackChannel | undefined): string | undefined =>
    factsOf(
      aStack({ channelRef: { name: 'stable' } }, {}, channel === undefined ? {} : { channel }),
      now,
    ).find(([label]) => label === 'Channel')?.[1];
  const settled = { name: 'stable', version: '3.43.1', state: 'Updated' } as const;

  it('is not told of a stack without one', () =>
    expect(factsOf(aStack(), now).map(([label]) => label)).not.toContain('Channel'));
  it('is told before it has said anything', () => expect(of(undefined)).toBe('stable'));
  it('is told with the release and how far it is', () => {
    expect(of(settled)).toBe('stable: 3.43.1, Updated');
    expect(of({ ...settled, version: '3.43.2', state: 'Updating' })).toBe('stable: 3.43.2, Updating');
  });
  it('says which update was undone, and why', () =>
    expect(
      of({
        ...settled,
        state: 'HandedBack',
        tried: '3.43.2',
        reason: 'HealthGateFailed',
        message: 'It never became healthy.',
      }),
    ).toBe('stable: 3.43.1, HandedBack (tried 3.43.2: HealthGateFailed, It never became healthy.)'));
  it('says why there is nothing to follow', () =>
    expect(of({ ...settled, reason: 'ChannelNotFound', message: 'JtelChannel stable does not exist.' })).toBe(
      'stable: 3.43.1, Updated (ChannelNotFound, JtelChannel stable does not exist.)',
    ));
});
