import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { startPulse } from './pulse.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const silent = new Promise<never>(() => undefined);

/** @param answers in turn; afterwards it is silent */
function connection(answers: readonly (() => Promise<readonly []>)[]): {
  readonly asked: string[];
  readonly lost: Mock<() => void>;
  readonly stop: () => void;
} {
  const asked: string[] = [];
  const lost = vi.fn<() => void>();
  const ask = async (statement: string): Promise<readonly []> => {
    asked.push(statement);
    return await (answers[asked.length - 1]?.() ?? silent);
  };
  return { asked, lost, stop: startPulse({ ask }, 600, lost) };
}

const answer = async (): Promise<readonly []> => [];

describe('a line', () => {
  it('is there while it is answered, however long that lasts', async () => {
    const { asked, lost, stop } = connection(Array.from({ length: 100 }, () => answer));
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(asked).toHaveLength(60);
    expect(lost).not.toHaveBeenCalled();
    stop();
  });

  it('that is silent is lost, once', async () => {
    const { asked, lost } = connection([answer]);
    await vi.advanceTimersByTimeAsync(719_000);
    expect(lost).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(lost).toHaveBeenCalledTimes(1);
    expect(asked).toHaveLength(2);
  });

  it('that is cut is lost at once', async () => {
    const { lost } = connection([() => Promise.reject(new Error('cut'))]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lost).toHaveBeenCalledTimes(1);
  });

  it('that nobody needs any more is not asked', async () => {
    const { asked, lost, stop } = connection([answer]);
    await vi.advanceTimersByTimeAsync(120_000);
    stop();
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(asked).toHaveLength(2);
    expect(lost).not.toHaveBeenCalled();
  });
});
