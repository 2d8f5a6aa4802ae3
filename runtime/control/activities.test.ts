import { beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../test/support/wait.ts';
import { formatKey } from '../objects.ts';
import { silentLogger } from '../report/logger.ts';
import { Activities, type ActivityProgress } from './activities.ts';

const key = { namespace: 'x', name: 'demo' };
const other = { namespace: 'x', name: 'other' };

type Report = (progress: ActivityProgress) => void;

/** An activity that runs and reports on request, until it is ended. */
function endless(): {
  readonly run: (progress: Report, signal: AbortSignal) => Promise<void>;
  readonly report: Report;
  readonly end: () => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let report: Report | undefined;
  return {
    run: async (progress, signal) => {
      report = progress;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      await promise;
    },
    report: (progress) => {
      if (report === undefined) throw new Error('the activity has not begun');
      report(progress);
    },
    end: resolve,
  };
}

describe('activities', () => {
  let enqueued: string[];
  let activities: Activities;

  beforeEach(() => {
    enqueued = [];
    activities = new Activities({
      enqueue: (woken) => enqueued.push(formatKey(woken)),
      logger: silentLogger,
      progressIntervalSeconds: 0.05,
    });
  });

  const ended = (): Promise<boolean> =>
    waitFor('the end', () => activities.get(key) === undefined, { intervalMilliseconds: 2 });

  it('run beside, and say what they are doing', async () => {
    const install = endless();
    activities.start(key, 'Install', install.run);
    expect(activities.get(key)).toMatchObject({ name: 'Install', progress: undefined });
    await Promise.resolve();
    install.report({ step: 'pull', percent: 10 });
    expect(activities.get(key)?.progress).toEqual({ step: 'pull', percent: 10 });
    await waitFor('the wake', () => enqueued.length > 0, { intervalMilliseconds: 5 });
    expect(enqueued).toEqual(['x/demo']);
    install.end();
    await ended();
  });

  it('give their outcome once, and wake the object', async () => {
    activities.start(key, 'Install', async (progress) => progress({ step: 'last' }));
    await ended();
    expect(enqueued.at(-1)).toBe('x/demo');
    expect(activities.take(key)).toMatchObject({
      name: 'Install',
      result: 'Succeeded',
      error: undefined,
      progress: { step: 'last' },
    });
    expect(activities.take(key)).toBeUndefined();
  });

  it('keep a failure until it is taken', async () => {
    const failure = new Error('disk full');
    activities.start(key, 'Install', async () => Promise.reject(failure));
    await ended();
    expect(activities.take(key)).toMatchObject({ result: 'Failed', error: failure });
  });

  it('catch what is thrown before the first await', async () => {
    activities.start(key, 'Install', () => {
      throw new Error('at once');
    });
    await ended();
    expect(activities.take(key)?.result).toBe('Failed');
  });

  it('are at most one per object', async () => {
    const first = endless();
    activities.start(key, 'Install', first.run);
    expect(() => activities.start(key, 'Update', async () => undefined)).toThrow(
      'activity Update of x/demo not started: Install is running',
    );
    activities.start(other, 'Update', async () => undefined);
    first.end();
    await ended();
    activities.start(key, 'Update', async () => undefined);
    await ended();
    expect(activities.take(key)?.name).toBe('Update');
  });

  it('can be aborted, and end as such', async () => {
    const install = endless();
    activities.start(key, 'Install', install.run);
    activities.abort(other);
    await Promise.resolve();
    activities.abort(key, 'the spec changed');
    await ended();
    expect(activities.take(key)).toMatchObject({ result: 'Aborted', error: new Error('the spec changed') });
  });

  it('wake for progress only now and then, the last report never lost', async () => {
    const install = endless();
    activities.start(key, 'Install', install.run);
    await Promise.resolve();
    for (let percent = 1; percent <= 50; percent++) install.report({ step: 'pull', percent });
    // The look that started it told what begins.
    expect(enqueued).toHaveLength(0);
    await waitFor('the wake', () => enqueued.length === 1, { intervalMilliseconds: 5 });
    expect(activities.get(key)?.progress?.percent).toBe(50);
    install.end();
    await ended();
  });

  it('do not hear of one that is over', async () => {
    const first = endless();
    activities.start(key, 'Install', first.run);
    await Promise.resolve();
    first.end();
    await ended();
    const second = endless();
    activities.start(key, 'Update', second.run);
    first.report({ step: 'late' });
    expect(activities.get(key)?.progress).toBeUndefined();
    second.end();
    await ended();
  });

  it('are all aborted and awaited at the close, after which none starts', async () => {
    let cleanedUp = false;
    activities.start(key, 'Install', async (_, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await new Promise((resolve) => setImmediate(resolve));
      cleanedUp = true;
    });
    await Promise.resolve();
    await activities.close();
    expect(cleanedUp).toBe(true);
    expect(activities.size).toBe(0);
    expect(enqueued).toEqual([]);
    expect(() => activities.start(key, 'Install', async () => undefined)).toThrow('closed');
  });

  it('forget an object that is gone', async () => {
    activities.start(key, 'Install', async () => Promise.reject(new Error('x')));
    await ended();
    activities.forget(key);
    expect(activities.take(key)).toBeUndefined();
  });
});
