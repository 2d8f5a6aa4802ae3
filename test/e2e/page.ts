/** What the web page of a stack answers. Its certificate is the stack's own, and nothing checks it here. */
import { request } from 'node:https';
import type { SandboxHost } from '../../sandbox/index.ts';

export interface Page {
  readonly status: number;
  readonly body: string;
}

export function pageOf(host: SandboxHost, fqdn: string, path: string): Promise<Page> {
  const options = {
    host: host.address,
    port: 443,
    path,
    servername: fqdn,
    headers: { host: fqdn },
    rejectUnauthorized: false,
    timeout: 10_000,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    })
      .on('error', reject)
      .end();
  });
}
