import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import { waitFor } from '../../test/support/wait.ts';
import { ObjectStore } from '../cache/object-store.ts';
import { ApiError } from '../client/api-error.ts';
import { LeadershipLost } from '../errors.ts';
import { formatKey, type KubernetesObject, type ObjectKey } from '../objects.ts';
import { Controller, watching, type ControllerOptions } from './controller.ts';
import type { ReconcileContext, ReconcileResult } from './reconciler.ts';
import { UnexpectedErrors } from './unexpected-errors.ts';

interface Widget extends KubernetesObject {
  readonly spec?: { readonly secretName: string };
  readonly status?: unknown;
}

function widget(
  name: string,
  version = 1,
  extra: { readonly generation?: number; readonly status?: unknown; readonly secretName?: string } = {},
): Widget {
  const { generation = 1, status, secretName = 'none' } = extra;
  return {
    metadata: { namespace: 'x', name, uid: name, resourceVersion: String(version), generation },
    spec: { secretName },
    status,
  };
}

function widgetOf(namespace: string, name: string): Widget {
  const { metadata, ...rest } = widget(name);
  return { metadata: { ...metadata, namespace }, ...rest };
}

async function onceAborted(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw signal.reason;
}

/** Never ends, not even when it is told to. */
const hang = (): Promise<never> => new Promise(() => {});

describe('a controller', () => {
  let store: ObjectStore<Widget>;
  let logger: RecordingLogger;
  let stop: AbortController;
  let running: Promise<void>;
  let runs: string[];

  beforeEach(() => {
    store = new ObjectStore<Widget>();
    logger = new RecordingLogger();
    stop = new AbortController();
    runs = [];
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  function start(
    reconcile: (key: ObjectKey, context: ReconcileContext) => Promise<ReconcileResult | void> = async () =>
      undefined,
    options: Partial<ControllerOptions<Widget>> = {},
  ): Controller<Widget> {
    const controller = new Controller<Widget>({
      name: 'widget',
      store,
      logger,
      queue: { baseDelaySeconds: 0.01, maxDelaySeconds: 0.05 },
      reconciler: {
        reconcile: async (key, context) => {
          runs.push(formatKey(key));
          return reconcile(key, context);
        },
      },
      ...options,
    });
    running = controller.run(stop.signal);
    return controller;
  }

  const runsAre = (count: number): Promise<boolean> =>
    waitFor(`${count} reconciles`, () => runs.length >= count, { intervalMilliseconds: 2 });

  /** Everything due has been worked on once another key, added last, has been. */
  async function settled(controller: Controller<Widget>): Promise<void> {
    controller.enqueue({ namespace: 'x', name: 'last' }, 0.1);
    await waitFor('the last key', () => runs.includes('x/last'), { intervalMilliseconds: 2 });
    runs.splice(runs.indexOf('x/last'), 1);
  }

  it('looks at all objects once when it starts, and at each that changes', async () => {
    store.put(widget('a'));
    const controller = start();
    await runsAre(1);
    store.put(widget('b'));
    store.put(widget('a', 2, { generation: 2 }));
    store.remove(widget('b'));
    await settled(controller);
    expect(new Set(runs)).toEqual(new Set(['x/a', 'x/b']));
  });

  it('is not woken by a status alone, such as its own', async () => {
    store.put(widget('a'));
    const controller = start();
    await runsAre(1);
    store.put(widget('a', 2, { status: { phase: 'Ready' } }));
    await settled(controller);
    expect(runs).toEqual(['x/a']);
  });

  it('is woken by what an object refers to, before and after the reference changed', async () => {
    const inputs = new ObjectStore<Widget>();
    inputs.put(widget('input', 1, { secretName: 'old' }));
    const controller = start(undefined, {
      wakes: [watching(inputs, (input) => [{ namespace: 'x', name: input.spec?.secretName ?? '' }])],
    });
    inputs.put(widget('input', 2, { secretName: 'new' }));
    await settled(controller);
    expect(runs).toEqual(['x/old', 'x/new']);
  });

  it('is woken only by those annotations and labels that are read', async () => {
    const annotated = (version: number, annotations: Record<string, string>): Widget => {
      const { metadata, ...rest } = widget('a', version);
      return { metadata: { ...metadata, annotations }, ...rest };
    };
    store.put(annotated(1, {}));
    const controller = start(undefined, { reads: ({ annotations }) => annotations?.['ours'] });
    await runsAre(1);
    store.put(annotated(2, { theirs: '1' }));
    await settled(controller);
    expect(runs).toEqual(['x/a']);
    store.put(annotated(3, { theirs: '1', ours: '1' }));
    await runsAre(2);
  });

  it('looks first at those that changed while nobody looked, last at those that waited in vain', async () => {
    const seen = { status: { observedGeneration: 1 } };
    for (const [name, generation] of [
      ['away', 1],
      ['same', 1],
      ['at-work', 1],
      ['changed', 2],
    ] as const)
      store.put(widget(name, 1, { ...seen, generation }));
    start(undefined, {
      workers: 1,
      isSlow: ({ metadata }) => metadata?.name === 'away',
      isUnfinished: ({ metadata }) => metadata?.name === 'at-work',
    });
    await runsAre(4);
    expect(runs).toEqual(['x/at-work', 'x/changed', 'x/same', 'x/away']);
  });

  it('looks at others while looks wait, and not at the same objects', async () => {
    for (const name of ['a', 'b', 'c']) store.put(widgetOf(name, 'hangs'));
    const controller = start(
      ({ name }, { signal }) => (name === 'hangs' ? onceAborted(signal) : Promise.resolve()),
      {
        workers: 1,
        queue: { parkAfterSeconds: 0.01 },
      },
    );
    await runsAre(3);
    controller.wake({ namespace: 'a', name: 'hangs' });
    await settled(controller);
    expect(runs).toEqual(['a/hangs', 'b/hangs', 'c/hangs']);
  });

  it('wakes those whom one change concerns in small numbers, and nobody if it does not matter', () => {
    const inputs = new ObjectStore<Widget>();
    const keys = Array.from({ length: 25 }, (_, index) => ({ namespace: 'x', name: String(index) }));
    const woken: number[] = [];
    const stopWaking = watching(inputs, () => keys, { matters: ({ object }) => object.status === 'new' })(
      (_, afterSeconds = 0) => woken.push(afterSeconds),
    );
    inputs.put(widget('input', 1, { status: 'same' }));
    expect(woken).toEqual([]);
    inputs.put(widget('input', 2, { status: 'new' }));
    expect([0, 1, 2].map((second) => woken.filter((one) => one === second).length)).toEqual([10, 10, 5]);
    stopWaking();
    running = Promise.resolve();
  });

  it('comes back after the time a reconcile asks for', async () => {
    store.put(widget('a'));
    start(async () => ({ requeueAfterSeconds: 0.01 }));
    await runsAre(3);
    expect(logger.messages('error')).toEqual([]);
  });

  it('tries a failure again, tells it once per change, and tells when it is over', async () => {
    store.put(widget('a'));
    start(async () => {
      if (runs.length < 4) throw new Error('host away');
      if (runs.length < 6) throw new Error('disk full');
    });
    await waitFor('recovery', () => logger.messages('info').includes('recovered'), {
      intervalMilliseconds: 2,
    });
    expect(
      logger.lines.filter(({ level }) => level === 'error').map(({ fields }) => String(fields['error'])),
    ).toEqual(['Error: host away', 'Error: disk full']);
    expect(logger.lines[0]?.fields).toMatchObject({ controller: 'widget', object: 'x/a' });
  });

  it('does not try again before the time that a busy API server asks for, an hour being too long', async () => {
    store.put(widget('a'));
    store.put(widget('b'));
    start(async ({ name }) => {
      const retryAfterSeconds = name === 'a' ? 7 : 3600;
      throw new ApiError(429, 'TooManyRequests', 'busy', { retryAfterSeconds });
    });
    await runsAre(2);
    const pauses = logger.lines
      .map(({ fields }) => Number(fields['retryInSeconds']))
      .toSorted((a, b) => a - b);
    expect(pauses[0]).toBeGreaterThanOrEqual(7);
    expect(pauses[0]).toBeLessThanOrEqual(14);
    expect(pauses[1]).toBeGreaterThanOrEqual(60);
    expect(pauses[1]).toBeLessThanOrEqual(120);
    expect(runs).toHaveLength(2);
  });

  it('takes a conflict, and a moment without leadership, as reasons to look again, not as errors', async () => {
    store.put(widget('a'));
    const troubles = [
      new ApiError(409, 'Conflict', 'changed meanwhile'),
      new LeadershipLost('renewal is late'),
    ];
    start(async () => {
      const trouble = troubles.shift();
      if (trouble !== undefined) throw trouble;
    });
    await runsAre(3);
    expect([...logger.messages('error'), ...logger.messages('warn')]).toEqual([]);
  });

  it('tells a conflict that does not end', async () => {
    store.put(widget('a'));
    start(
      async () => {
        throw new ApiError(409, 'Conflict', 'changed meanwhile');
      },
      { queue: { baseDelaySeconds: 5, random: () => 1 } },
    );
    await waitFor('the error', () => logger.messages('error').length === 1);
    expect(runs).toEqual(['x/a']);
  });

  it('works on one object at a time each, and on no more objects than it has workers', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) store.put(widgetOf(name, name));
    const atWork: string[] = [];
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const controller = start(
      async (key) => {
        expect(atWork).not.toContain(key.name);
        atWork.push(key.name);
        most = Math.max(most, atWork.length);
        await gate.promise;
        atWork.splice(atWork.indexOf(key.name), 1);
      },
      { workers: 3 },
    );
    await runsAre(3);
    controller.enqueue({ namespace: 'a', name: 'a' });
    gate.resolve();
    await runsAre(6);
    expect(most).toBe(3);
  });

  it('leaves workers to others, however many objects of one namespace hang', async () => {
    for (let index = 0; index < 50; index += 1) store.put(widgetOf('hog', String(index)));
    store.put(widgetOf('other', 'a'));
    store.put(widgetOf('other', 'b'));
    const waiting: (() => void)[] = [];
    start(
      ({ namespace }) =>
        namespace === 'hog' ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(),
      { workers: 4 },
    );
    await waitFor('the others', () => runs.includes('other/a') && runs.includes('other/b'), {
      intervalMilliseconds: 2,
    });
    expect(runs.filter((id) => id.startsWith('hog/')).length).toBeLessThanOrEqual(2);
    stop.abort();
    for (const end of waiting) end();
  });

  it.each([
    ['is told to stop', 60, (signal: AbortSignal) => onceAborted(signal), 'took longer than 0.02 s'],
    ['is left by its worker if it does not', 0.02, hang, 'did not end 0.02 s after it was told to'],
  ])('does not wait for a look that takes too long: it %s', async (_, graceSeconds, look, told) => {
    store.put(widget('a'));
    store.put(widget('b'));
    start((key, { signal }) => (key.name === 'a' ? look(signal) : Promise.resolve()), {
      workers: 1,
      limits: { longestSeconds: 0.02, graceSeconds },
      queue: { baseDelaySeconds: 60 },
    });
    await waitFor('the other object', () => runs.includes('x/b'), { intervalMilliseconds: 2 });
    expect(logger.lines.map(({ fields }) => String(fields['error']))).toEqual([
      `LookTooLong: the look ${told}`,
    ]);
  });

  it('takes an error that nobody awaits as the end of the look that it came from', async () => {
    const process = new EventEmitter();
    const unexpected = new UnexpectedErrors({ logger });
    unexpected.watch(process);
    store.put(widget('a'));
    store.put(widget('b'));
    start(
      ({ name }) => {
        if (name === 'b') return Promise.resolve();
        setTimeout(() => process.emit('uncaughtException', new Error('in a callback')), 1);
        return hang();
      },
      { workers: 1, unexpected, queue: { baseDelaySeconds: 60 } },
    );
    await waitFor('the other object', () => runs.includes('x/b'), { intervalMilliseconds: 2 });
    expect(logger.lines.map(({ fields }) => [fields['object'], String(fields['error'])])).toEqual([
      ['x/a', 'Error: in a callback'],
      ['x/a', 'Error: in a callback'],
    ]);
  });

  it('does not look at an object while it is put aside', async () => {
    store.put(widget('a'));
    store.put(widget('b'));
    const told: string[] = [];
    start(
      async ({ name }) => {
        if (name === 'b') throw new Error('broken');
      },
      {
        queue: { baseDelaySeconds: 60 },
        quarantine: {
          size: 1,
          before: ({ name }) => Promise.resolve(name === 'a' ? 60 : 0),
          succeeded: () => Promise.resolve(undefined),
          failed: async ({ name }) => void told.push(name),
        },
      },
    );
    await waitFor('the failure told', () => told.length > 0, { intervalMilliseconds: 2 });
    expect([runs, told]).toEqual([['x/b'], ['b']]);
  });

  it('aborts the reconciles under way when it stops, and waits for them', async () => {
    store.put(widget('a'));
    let ended = false;
    start(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await new Promise((resolve) => setImmediate(resolve));
      ended = true;
      throw signal.reason;
    });
    await runsAre(1);
    stop.abort();
    await running;
    expect(ended).toBe(true);
    expect(logger.messages('error')).toEqual([]);
  });
});
