/** Times each look: a tracer of its own kind takes the operator's spans. */
import { INVALID_SPAN_CONTEXT, trace, type Span, type SpanOptions, type Tracer } from '@opentelemetry/api';
import { sharedClock, type Look } from '../messages.ts';
import { loopMilliseconds } from './processor-time.ts';

const look = 'look ';

/** @param told gets each look when it has ended */
export function followLooks(told: (look: Look) => void): void {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const startActiveSpan = (
    name: string,
    { attributes = {} }: SpanOptions,
    work: (span: Span) => Promise<unknown>,
  ): Promise<unknown> => {
    if (!name.startsWith(look)) return work(span);
    const [startedAt, workedBefore] = [sharedClock(), loopMilliseconds()];
    return work(span).finally(() =>
      told({
        controller: name.slice(look.length),
        object: String(attributes['object']),
        milliseconds: sharedClock() - startedAt,
        loopMilliseconds: loopMilliseconds() - workedBefore,
      }),
    );
  };
  const tracer = { startSpan: () => span, startActiveSpan } as unknown as Tracer;
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
}
