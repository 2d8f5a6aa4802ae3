/**
 * OpenTelemetry's SDK, as somebody puts it into the process: `node --import` of this file, before the program. Where spans go
 * is said by OTEL_EXPORTER_OTLP_ENDPOINT.
 */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

export const provider = new NodeTracerProvider({
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 200 })],
});
provider.register();
