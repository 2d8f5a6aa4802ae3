import { describe, expect, it } from 'vitest';
import type { ChannelWaveStatus } from '../../../crds/index.ts';
import { aChannel } from '../testing.ts';
import { summarise } from './status.ts';

const now = new Date('2026-03-02T12:00:00Z');

function messageOf(counts: Partial<ChannelWaveStatus>): string | undefined {
  const wave: ChannelWaveStatus = {
    name: 'pilot',
    state: 'Rolling',
    wanted: 21,
    updated: 1,
    running: 2,
    failed: 3,
    waitingForWindow: 4,
    waiting: 5,
    aside: 6,
    ...counts,
  };
  const plan = { stands: [], waves: [wave], turns: [], turnNumber: 0, failed: 0 };
  return summarise(aChannel(), plan, now).message;
}

describe('the message of a channel', () => {
  it('counts each stack of the wave once', () => {
    const numbers = [...(messageOf({})?.split(': ')[1] ?? '').matchAll(/\d+/g)].map(([text]) => Number(text));
    const [updated = 0, wanted, ...others] = numbers;
    expect(wanted).toBe(21);
    expect(others.reduce((sum, one) => sum + one, updated)).toBe(wanted);
  });
});
