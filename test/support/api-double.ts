/** An API server in this process with a kubeconfig for it: for commands of which a test decides every answer. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface APIDouble {
  /** A folder of its own, with the kubeconfig; a test may put more into it. */
  readonly folder: string;
  /** Its namespace is `demo`. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

export async function startAPIDouble(answer: RequestListener): Promise<APIDouble> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'jtel-api-double-'));
  const kubeconfig = join(folder, 'config');
  const config = {
    clusters: [{ name: 'it', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'it', user: {} }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it', namespace: 'demo' } }],
    'current-context': 'it',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    folder,
    kubeconfig,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
