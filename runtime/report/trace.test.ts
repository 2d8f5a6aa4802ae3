import { trace, type Span, type Tracer } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { traced } from './trace.ts';

interface Recorded {
  readonly name: string;
  readonly attributes: unknown;
  readonly status?: unknown;
  readonly ended: boolean;
}

let spans: Recorded[] = [];

/** What an SDK does that somebody put into the process. */
function addSDK(): void {
  spans = [];
  const startActiveSpan = (
    name: string,
    { attributes }: { attributes: unknown },
    work: (span: Span) => unknown,
  ): unknown => {
    const index = spans.push({ name, attributes, ended: false }) - 1;
    const change = (more: Partial<Recorded>): void =>
      void (spans[index] = { ...(spans[index] as Recorded), ...more });
    const span = {
      setStatus: (status: unknown) => change({ status }),
      end: () => change({ ended: true }),
    };
    return work(span as unknown as Span);
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startActiveSpan }) as unknown as Tracer });
}

// First, because a tracer keeps the SDK that it has found.
it('without an SDK, work is just done', async () => {
  expect(await traced('look stack', {}, () => Promise.resolve(7))).toBe(7);
  await expect(traced('look stack', {}, () => Promise.reject(new Error('torn')))).rejects.toThrow('torn');
});

describe('with an SDK', () => {
  beforeEach(addSDK);
  afterEach(() => trace.disable());

  it('work is done in a span, with what it is about', async () => {
    expect(await traced('wave Apply', { object: 'acme/main' }, () => Promise.resolve(7))).toBe(7);
    expect(spans).toEqual([{ name: 'wave Apply', attributes: { object: 'acme/main' }, ended: true }]);
  });

  it('a failure ends it, and does not tell its message', async () => {
    const failing = traced('call', {}, () => Promise.reject(new TypeError('password hunter2')));
    await expect(failing).rejects.toThrow('hunter2');
    expect(spans).toMatchObject([{ ended: true, status: { message: 'TypeError' } }]);
    expect(JSON.stringify(spans)).not.toContain('hunter2');
  });
});
