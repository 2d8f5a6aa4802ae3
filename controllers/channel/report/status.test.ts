import { describe, expect, it } from 'vitest';
import type { ChannelWaveStatus } from '../../../crds/index.ts';
import { aChannel } from '../testing.ts';
import type { ChannelPlan } from '../plan/plan.ts';
import { summarise } from './status.ts';

const now = new Date('2026-03-02T12:00:00Z');

type Counts = Partial<ChannelWaveStatus>;
const nobody = {
  wanted: 0,
  updated: 0,
  running: 0,
  failed: 0,
  waitingForWindow: 0,
  waiting: 0,
  aside: 0,
};

function messageOf(waves: readonly Counts[], stands: ChannelPlan['stands'] = []): string {
  const [pilot = {}, rest] = waves;
  const plan = {
    stands,
    waves: [
      { ...nobody, name: 'pilot', state: 'Rolling' as const, ...pilot },
      ...(rest === undefined ? [] : [{ ...nobody, name: 'rest', state: 'Rolling' as const, ...rest }]),
    ],
    turns: [],
    turnNumber: 0,
    failed: 0,
  };
  return summarise(aChannel(), plan, now).message ?? '';
}

describe('the message of a channel', () => {
  it('counts each stack of the wave once', () => {
    const text = messageOf([
      { wanted: 21, updated: 1, running: 2, failed: 3, waitingForWindow: 4, waiting: 5, aside: 6 },
    ]);
    const numbers = [...(text.split(': ')[1] ?? '').matchAll(/\d+/g)].map(([one]) => Number(one));
    const [updated = 0, wanted, ...others] = numbers;
    expect(wanted).toBe(21);
    expect(others.reduce((sum, one) => sum + one, updated)).toBe(wanted);
  });

  it('names waves with a selector that no stack is in', () => {
    const empty = 'No stack is in wave pilot';
    const working = { wanted: 2, waiting: 2 };
    expect(messageOf([{ state: 'Done' }, working])).toContain(empty);
    expect(messageOf([{ state: 'Done' }, { wanted: 2, updated: 2, state: 'Done' }])).toContain(empty);
    expect(messageOf([{ wanted: 1, updated: 1, state: 'Done' }, working])).not.toContain('No stack');
    // A share of few stacks may well be none.
    expect(messageOf([{ wanted: 1, updated: 1, state: 'Done' }, { state: 'Done' }])).not.toContain(
      'No stack',
    );
  });

  it('says what to do when a wave cannot go back', () => {
    const stack = { metadata: { namespace: 'acme', name: 'main' } };
    const refused = { stack, wave: 0, standing: 'Aside', reason: 'DowngradeRefused' };
    const suspended = { stack, wave: 0, standing: 'Aside', reason: 'Suspended' };
    const stands = (...all: readonly object[]): ChannelPlan['stands'] => all as ChannelPlan['stands'];
    const wave = { wanted: 1, aside: 1 };
    expect(messageOf([wave], stands(refused))).toContain('cannot go back to 3.43.1');
    expect(messageOf([wave], stands(refused))).not.toContain('mend one of its stacks');
    expect(messageOf([wave], stands(suspended))).toContain('mend one of its stacks');
    expect(messageOf([{ ...wave, wanted: 2 }], stands(refused, suspended))).toContain(
      'mend one of its stacks',
    );
  });
});
