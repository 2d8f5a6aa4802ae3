import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostError } from '../../host-driver/host.ts';
import { answersOf } from './answers.ts';

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
    expect(await answersOf('192.0.2.10', never)(() => Promise.resolve('seen'))).toBe('seen');
  });

  it('that does not come in time means that the host does not answer', async () => {
    const answer = answersOf('192.0.2.10', never, 8)(hang);
    await expect(answer).rejects.toMatchObject({
      reason: 'HostUnreachable',
      message: '192.0.2.10 did not answer within 8 s; check the machine and the network',
    });
    await expect(answer).rejects.toBeInstanceOf(HostError);
  });

  it('says nothing of the host when somebody else ends the look', async () => {
    const stop = new AbortController();
    const answer = answersOf('192.0.2.10', stop.signal)(hang);
    stop.abort(new Error('the operator ends'));
    await expect(answer).rejects.toThrow('the operator ends');
  });

  it('to all questions of a look has one time', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    const ask = answersOf('192.0.2.10', never, 30);
    await ask(async () => void clock.mockReturnValue(22_000.4));
    // What is done between the questions does not count.
    clock.mockReturnValue(900_000);
    await expect(ask(hang)).rejects.toThrow('did not answer within 30 s');
    await ask(async () => void clock.mockReturnValue(990_000));
    await ask(() => Promise.resolve());
    expect(vi.mocked(AbortSignal.timeout).mock.calls).toEqual([[30_000], [8000], [8000], [1000]]);
  });

  it('keeps what the host said late', async () => {
    const refused = new HostError('AuthenticationFailed', '192.0.2.10', 'refused');
    const answer = answersOf(
      '192.0.2.10',
      never,
    )((signal) => hang(signal).catch(() => Promise.reject(refused)));
    await expect(answer).rejects.toBe(refused);
  });
});
