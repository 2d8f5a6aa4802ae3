import { describe, expect, it } from 'vitest';
import type { JtelStack, Reason } from '../../crds/index.ts';
import { aStack } from '../stack/testing.ts';
import { unreachablePause } from '../times/pauses.ts';
import { awaySinceAfter, isHostAway, pauseWhileAway } from './away.ts';

const now = new Date('2026-03-01T03:00:00Z');

function stackWith(
  status: 'True' | 'False' | 'Unknown',
  reason: Reason,
  secondsAgo: number,
  generation = 1,
): JtelStack {
  const lastTransitionTime = new Date(now.getTime() - secondsAgo * 1000).toISOString();
  const condition = { type: 'HostReachable', status, reason, message: '', lastTransitionTime } as const;
  const { metadata, ...rest } = aStack();
  return {
    ...rest,
    metadata: { ...metadata, generation },
    status: { conditions: [{ ...condition, observedGeneration: 1 }] },
  };
}

describe('a host that does not answer', () => {
  it.each([
    ['False', 'HostUnreachable', true],
    ['False', 'OutcomeUnknown', true],
    ['False', 'DockerHangs', true],
    ['False', 'AuthenticationFailed', false],
    ['True', 'HostReachable', false],
  ] as const)('is away when HostReachable is %s because of %s: %s', (status, reason, expected) => {
    expect(isHostAway(stackWith(status, reason, 1))).toBe(expected);
  });

  it('is away for nobody before the first look', () => {
    expect(isHostAway({})).toBe(false);
  });

  it('is tried every 15 s for a minute, then at growing pauses up to 4 minutes', () => {
    expect([0, 15, 60, 120, 600, 960, 86_400].map(unreachablePause)).toEqual([15, 15, 15, 30, 150, 240, 240]);
    expect(pauseWhileAway('HostUnreachable', stackWith('False', 'HostUnreachable', 600), now)).toBe(150);
    expect(pauseWhileAway('HostUnreachable', stackWith('True', 'HostReachable', 600), now)).toBe(15);
    expect(pauseWhileAway('HostUnreachable', { metadata: aStack().metadata }, now)).toBe(15);
  });

  it.each([
    ['was unreachable while another host was named', stackWith('False', 'HostUnreachable', 86_400, 2)],
    ['refused the key for a day', stackWith('False', 'AuthenticationFailed', 86_400)],
  ])('is tried after 15 s when the one before it %s', (_, object) => {
    const away = { ok: false, reason: 'HostUnreachable', message: '' } as const;
    expect(pauseWhileAway('HostUnreachable', object, now)).toBe(15);
    const since = awaySinceAfter(undefined, away, { object, now });
    // By then the condition is about this host, and keeps the time of the first trouble.
    const later = {
      now: new Date(now.getTime() + 15_000),
      object: stackWith('False', 'HostUnreachable', 86_400),
    };
    expect(pauseWhileAway(away.reason, later.object, later.now, awaySinceAfter(since, away, later))).toBe(15);
  });

  it('is not away any more when it answers or refuses; that nobody asked says nothing', () => {
    const object = stackWith('False', 'HostUnreachable', 600);
    const after = (reason: Reason) => awaySinceAfter(1, { ok: false, reason, message: '' }, { object, now });
    expect(awaySinceAfter(1, { ok: true, value: '' }, { object, now })).toBeUndefined();
    expect([after('AuthenticationFailed'), after('NotChecked'), after('OutcomeUnknown')]).toEqual([
      undefined,
      1,
      1,
    ]);
    const first = awaySinceAfter(
      undefined,
      { ok: false, reason: 'HostUnreachable', message: '' },
      { object, now },
    );
    expect(first).toBe(now.getTime() - 600_000);
  });

  const notChecked = { ok: false, reason: 'NotChecked', message: '' } as const;

  it('keeps its pauses and is away still while there is no place to ask it', () => {
    const object = stackWith('Unknown', 'NotChecked', 1);
    const since = awaySinceAfter(now.getTime() - 600_000, notChecked, { object, now });
    expect(pauseWhileAway('NotChecked', object, now, since)).toBe(150);
    expect(isHostAway(object, since)).toBe(true);
  });

  it('keeps them when a new process finds no place, as its status tells since when', () => {
    const object = stackWith('False', 'HostUnreachable', 600);
    expect(pauseWhileAway('NotChecked', object, now)).toBe(150);
    expect(awaySinceAfter(undefined, notChecked, { object, now })).toBe(now.getTime() - 600_000);
  });

  it.each([
    ['nothing is known of it', stackWith('Unknown', 'NotChecked', 600)],
    ['it answered', stackWith('True', 'HostReachable', 600)],
    ['another host was named', stackWith('False', 'HostUnreachable', 600, 2)],
  ])('is not away for want of a place alone, when %s', (_, object) => {
    const since = awaySinceAfter(undefined, notChecked, { object, now });
    expect(since).toBeUndefined();
    expect(pauseWhileAway('NotChecked', object, now, since)).toBeUndefined();
  });
});
