/**
 * An API server that answers `{}` and notes who asked, how they logged in and over how many connections they
 * came.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createAuthority, issue, type KeyPair } from '../../sandbox/control-plane/certificates.ts';

export interface LoginServer {
  readonly url: string;
  /** Requests in order. `user` is the name in the client's certificate. */
  readonly requests: readonly Seen[];
  readonly connections: number;
  /** Called before each answer; true when it has answered itself. */
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
  close(): Promise<void>;
}

export interface Seen {
  readonly authorization: string | undefined;
  readonly impersonated: string | undefined;
  readonly userAgent: string | undefined;
  readonly user: string | undefined;
}

/** A server with TLS asks its clients for certificates; one without TLS is plain HTTP. */
export async function startLoginServer(tls?: {
  readonly authority: KeyPair;
  readonly server: KeyPair;
}): Promise<LoginServer> {
  const requests: Seen[] = [];
  const seen = { connections: 0 };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { headers, socket } = request;
    requests.push({
      authorization: headers.authorization,
      impersonated: headers['impersonate-user']?.toString(),
      userAgent: headers['user-agent'],
      user: tls === undefined ? undefined : nameOf(socket as TLSSocket),
    });
    if (!result.answer(request, response, requests.length)) response.end('{}');
  };
  const server: Server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer(
          {
            key: tls.server.key,
            cert: tls.server.certificate,
            ca: tls.authority.certificate,
            requestCert: true,
            rejectUnauthorized: false,
          },
          listener,
        );
  server.on(tls === undefined ? 'connection' : 'secureConnection', () => (seen.connections += 1));
  const port = await listen(server);
  const result: LoginServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    get connections() {
      return seen.connections;
    },
    answer: () => false,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return result;
}

/** An authority and a certificate for 127.0.0.1; `issue` gives clients theirs. */
export async function loginCertificates(): Promise<{
  readonly authority: KeyPair;
  readonly server: KeyPair;
  client(name: string): Promise<KeyPair>;
}> {
  const authority = await createAuthority('login test');
  const server = await issue(authority, { commonName: 'server', dns: ['api.example'], ips: ['127.0.0.1'] });
  return { authority, server, client: (commonName) => issue(authority, { commonName }) };
}

export interface TestProxy {
  readonly url: string;
  /** `host:port`, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Tunnels for CONNECT, and answers requests without TLS itself. */
export async function startHttpProxy(): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '').host);
    response.end('from the proxy');
  });
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const [host = '', port = ''] = (request.url ?? '').split(':');
    asked.push(request.url ?? '');
    const target = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(client, target);
    });
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, asked, close: () => closed(server) };
}

/** SOCKS 5 without a password, for names and IPv4 addresses (RFC 1928). */
export async function startSocksProxy(): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createTcpServer((client) => {
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request: Buffer) => {
        const isName = request[3] === 3;
        const end = isName ? 5 + (request[4] ?? 0) : 8;
        const host = isName ? request.toString('latin1', 5, end) : request.subarray(4, 8).join('.');
        const port = request.readUInt16BE(end);
        asked.push(`${host}:${port}`);
        const target = connect(port, host, () => {
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          join(client, target);
        });
      });
    });
  });
  const port = await listen(server);
  return { url: `socks5://127.0.0.1:${port}`, asked, close: () => closed(server) };
}

function join(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

function nameOf(socket: TLSSocket): string | undefined {
  const name = socket.getPeerCertificate().subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

async function listen(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function closed(server: TcpServer): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
