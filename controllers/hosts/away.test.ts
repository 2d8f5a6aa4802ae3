import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JtelStack, Reason } from '../../crds/index.ts';
import { HostError } from '../../host-driver/host.ts';
import { unreachablePause } from '../times/pauses.ts';
import { answerOf, isHostAway, pauseWhileAway } from './away.ts';

const now = new Date('2026-03-01T03:00:00Z');

function stackWith(status: 'True' | 'False', reason: Reason, secondsAgo: number): Pick<JtelStack, 'status'> {
  const lastTransitionTime = new Date(now.getTime() - secondsAgo * 1000).toISOString();
  const condition = { type: 'HostReachable', status, reason, message: '', lastTransitionTime } as const;
  return { status: { conditions: [{ ...condition, observedGeneration: 1 }] } };
}

describe('a host that does not answer', () => {
  it.each([
    ['False', 'HostUnreachable', true],
    ['False', 'OutcomeUnknown', true],
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
    expect(pauseWhileAway(stackWith('False', 'HostUnreachable', 600), now)).toBe(150);
    expect(pauseWhileAway(stackWith('True', 'HostReachable', 600), now)).toBe(15);
    expect(pauseWhileAway({}, now)).toBe(15);
  });
});

describe('an answer of a host', () => {
  const never = new AbortController().signal;
  const hang = async (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

  beforeEach(() => {
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(new DOMException('late', 'TimeoutError')), milliseconds / 1000);
      return abort.signal;
    });
  });
  afterEach(() => void vi.restoreAllMocks());

  it('is the result of the look', async () => {
    expect(await answerOf('192.0.2.10', never, () => Promise.resolve('seen'))).toBe('seen');
  });

  it('that does not come in time means that the host does not answer', async () => {
    const answer = answerOf('192.0.2.10', never, hang, 8);
    await expect(answer).rejects.toMatchObject({
      reason: 'HostUnreachable',
      message: '192.0.2.10 did not answer within 8 s; check the machine and the network',
    });
    await expect(answer).rejects.toBeInstanceOf(HostError);
  });

  it('says nothing of the host when somebody else ends the look', async () => {
    const stop = new AbortController();
    const answer = answerOf('192.0.2.10', stop.signal, hang);
    stop.abort(new Error('the operator ends'));
    await expect(answer).rejects.toThrow('the operator ends');
  });

  it('keeps what the host said late', async () => {
    const refused = new HostError('AuthenticationFailed', '192.0.2.10', 'refused');
    const answer = answerOf('192.0.2.10', never, (signal) =>
      hang(signal).catch(() => Promise.reject(refused)),
    );
    await expect(answer).rejects.toBe(refused);
  });
});
