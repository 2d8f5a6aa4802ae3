/** Answers the kubelet and Prometheus: /healthz, /readyz, /metrics. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from '@prometheus-io/client';

/** Each check returns undefined if all is well, otherwise what is wrong. */
export type HealthCheck = () => string | undefined;

export interface HealthServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  readonly registry: Registry;
  /** A long failure restarts the process, so use it only for what a restart heals. */
  readonly alive: Readonly<Record<string, HealthCheck>>;
  readonly ready: Readonly<Record<string, HealthCheck>>;
}

export class HealthServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(options: HealthServerOptions): Promise<HealthServer> {
    const server = createServer((request, response) => {
      answer(options, request, response).catch((error: unknown) =>
        reply(response, 500, `${String(error)}\n`),
      );
    });
    server.requestTimeout = 10_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
    return new HealthServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Finishes running answers, then ends; ends idle connections at once. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), 2_000);
    await closed;
    clearTimeout(timer);
  }
}

async function answer(
  options: HealthServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, 'only GET\n');
  switch (path) {
    case '/healthz':
      return replyChecks(response, options.alive);
    case '/readyz':
      return replyChecks(response, options.ready);
    case '/metrics':
      return reply(response, 200, await options.registry.metrics(), options.registry.contentType);
    default:
      return reply(response, 404, 'try /healthz, /readyz or /metrics\n');
  }
}

function replyChecks(response: ServerResponse, checks: Readonly<Record<string, HealthCheck>>): void {
  const problems = Object.entries(checks).flatMap(([name, check]) => {
    const problem = check();
    return problem === undefined ? [] : [`${name}: ${problem}\n`];
  });
  if (problems.length === 0) reply(response, 200, 'ok\n');
  else reply(response, 503, problems.join(''));
}

function reply(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
