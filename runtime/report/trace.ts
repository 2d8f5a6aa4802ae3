/**
 * Spans for those who trace: looks, waves, actions and calls of the API. This has only the OpenTelemetry API,
 * which does nothing until somebody puts an SDK into the process, as the OpenTelemetry operator does for
 * annotated pods (docs/decisions/0044-spans-without-an-exporter.md).
 */
import { SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('jtel-operator');

/** Does the work in a span. The span of a failure has the error's class only: messages may tell too much. */
export function traced<T>(
  name: string,
  attributes: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' });
      throw error;
    } finally {
      span.end();
    }
  });
}
