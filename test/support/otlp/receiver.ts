/** A collector: takes spans as OTLP over HTTP, as every collector of OpenTelemetry does, and keeps them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent: the root of its trace. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** Nanoseconds since 1970. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly ReceivedSpan[];
    }[];
  }[];
}

export class OTLPReceiver implements AsyncDisposable {
  /** Of the operator; in the order in which they came. */
  readonly spans: ReceivedSpan[] = [];
  readonly #server = createServer(async (request, response) => {
    const isSpans = request.method === 'POST' && request.url === '/v1/traces';
    const isJSON = request.headers['content-type'] === 'application/json';
    if (!isSpans || !isJSON) return void response.writeHead(404).end();
    const { resourceSpans } = (await json(request)) as ExportRequest;
    for (const { scope, spans } of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
      if (scope.name === 'jtel-operator') this.spans.push(...spans);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });

  static async start(): Promise<OTLPReceiver> {
    const receiver = new OTLPReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Names from the root to the span itself; `?` for a parent that did not come. */
  path(span: ReceivedSpan): readonly string[] {
    const { parentSpanId } = span;
    if (parentSpanId === undefined || parentSpanId === '') return [span.name];
    const parent = this.spans.find(
      ({ traceId, spanId }) => traceId === span.traceId && spanId === parentSpanId,
    );
    return [...(parent === undefined ? ['?'] : this.path(parent)), span.name];
  }

  /** All paths, each once. */
  paths(): ReadonlySet<string> {
    return new Set(this.spans.map((span) => this.path(span).join(' > ')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
