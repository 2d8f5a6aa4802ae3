/** A store in memory that is served at its read URLs, for what really fetches them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';

class ServedBlobStore extends MemoryBlobStore {
  readonly #url: string;

  constructor(url: string) {
    super();
    this.#url = url;
  }

  override get address(): string {
    return this.#url;
  }
}

/** Until the end of the test. */
export async function serveBlobs(): Promise<MemoryBlobStore> {
  const server = createServer(({ url = '' }, response) => {
    const found = store.blobs.get(new URL(url, 'http://store').pathname.slice(1));
    if (found === undefined) response.writeHead(404).end();
    else response.end(found.content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const store = new ServedBlobStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return store;
}
