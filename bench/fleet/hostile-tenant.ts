/**
 * A tenant that does everything at once that the product has bounds against. All of it is harmless: the worst is
 * large, slow or endless, and stays on this machine.
 */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, type Answer } from '../../test/campaigns/security/answers.ts';
import { sshKey } from '../../test/support/ssh-key.ts';
import { optional } from '../../base/optional.ts';
import { storeKind } from '../../crds/index.ts';
import { secrets, type Cluster } from '../../runtime/index.ts';
import { SilentHosts, type ListeningHost, type Sent } from './silent-hosts.ts';
import type { Traffic } from './sink.ts';
import { aStore, call, changeStack, createFleet, removeFleet, type FleetStack } from './tenants.ts';

/** The dearest that are opened at all: `host-driver/ssh/key-cost.ts`. */
const keyRounds = 64;
const passphrase = 'fleet';
const patchesPerSecond = 20;
/** So that a dear key is opened again and again: it is opened once for each version of its Secret. */
const newKeySeconds = 5;
/** An object of Kubernetes may have 1 MiB, in base64. */
const largeSecretBytes = 700_000;

interface HostileServers {
  readonly hosts: readonly ListeningHost[];
  readonly request?: string;
  readonly sent: Sent;
  close(): Promise<void>;
}

export class HostileTenant {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly #stacks: readonly FleetStack[];
  readonly #servers: readonly HostileServers[];
  readonly #startedAt = performance.now();
  readonly #key = sshKey('ed25519', '-a', String(keyRounds), '-N', passphrase);
  readonly #ended = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  private constructor(
    cluster: Cluster,
    namespace: string,
    stacks: readonly FleetStack[],
    servers: readonly HostileServers[],
  ) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#stacks = stacks;
    this.#servers = servers;
  }

  /** Twenty stacks; it begins at once. */
  static async start(cluster: Cluster, namespace: string): Promise<HostileTenant> {
    const silent = await SilentHosts.listen(4, 66);
    const endless = await SilentHosts.listen(2, 67, Buffer.from('x'.repeat(65_535) + '\n'));
    const store = await hostileStore();
    const fake = (kind: number, count: number, fields: Partial<FleetStack> = {}): readonly FleetStack[] =>
      Array.from({ length: count }, (_, index) => ({
        namespace,
        name: `kind-${kind}-${index}`,
        address: `10.66.${kind}.${index + 1}`,
        ...fields,
      }));
    const real = (name: string, { hosts }: SilentHosts, sshSecret = 'ssh'): readonly FleetStack[] =>
      hosts.map((host, index) => ({ namespace, name: `${name}-${index}`, sshSecret, ...host }));
    const stacks = [
      ...real('silent', silent),
      ...real('endless', endless, 'dear'),
      ...fake(0, 4),
      ...fake(1, 2),
      ...fake(2, 2, { store: 'loops' }),
      ...fake(3, 2, { store: 'hostile' }),
      ...fake(4, 2, { sshSecret: 'large' }),
      ...fake(5, 2),
    ];
    const tenant = new HostileTenant(cluster, namespace, stacks, [silent, endless, store]);
    await createFleet(cluster, { namespaces: [namespace], stacks: [] });
    await tenant.#makeInputs(store.url);
    await createFleet(cluster, { namespaces: [], stacks });
    tenant.#work = Promise.all([tenant.#patch(), tenant.#renewKeys()]);
    return tenant;
  }

  async #makeInputs(url: string): Promise<void> {
    const accountKey = Buffer.alloc(64).toString('base64');
    await this.#secret('hostile', { endpoint: url, accountName: 'fleet', accountKey });
    for (const store of [
      aStore(this.#namespace, 'loops', 'https://store.invalid/fleet', { container: 'loops' }),
      aStore(this.#namespace, 'hostile', url, { secret: 'hostile' }),
    ])
      await this.#cluster.create(storeKind, store, call());
    const lines = `${'0123456789abcdef'.repeat(4)}\n`.repeat(largeSecretBytes / 65);
    await this.#secret('large', { 'ssh-privatekey': sshKey('ed25519', '-N', ''), more: lines });
    await this.#renewKey(0);
  }

  /** Another content counts as another key, which is opened anew. Making one takes as long as opening it. */
  async #renewKey(change: number): Promise<void> {
    await this.#secret('dear', { 'ssh-privatekey': `${this.#key}${'\n'.repeat(change)}`, passphrase });
  }

  async #secret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { namespace: this.#namespace, name };
    await this.#cluster.apply(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, stringData }, call());
  }

  async #renewKeys(): Promise<void> {
    for (let change = 1; !this.#ended.signal.aborted; change += 1) {
      await this.#pause(newKeySeconds * 1000);
      await this.#renewKey(change);
    }
  }

  async #patch(): Promise<void> {
    const patched = this.#stacks.at(-1);
    if (patched === undefined) return;
    for (let change = 0; !this.#ended.signal.aborted; change += 1) {
      await Promise.all([changeStack(this.#cluster, patched, change), this.#pause(1000 / patchesPerSecond)]);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#ended.signal }).catch(() => undefined);
  }

  /** What its servers were asked for and have sent so far. */
  get traffic(): readonly Traffic[] {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return this.#servers.map(({ hosts, request, sent }) => ({
      servers: hosts,
      ...optional({ request }),
      ...sent,
      seconds,
    }));
  }

  /** Ends what it does. Its objects stay until {@link remove}. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#work;
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  async remove(): Promise<void> {
    await removeFleet(this.#cluster, { namespaces: [this.#namespace], stacks: this.#stacks });
  }
}

/** Answers each request with another of the hostile answers of the security campaign. */
async function hostileStore(): Promise<HostileServers & { readonly url: string }> {
  const sent: Sent = { connections: 0, bytes: 0 };
  const server: Server = createServer((_request, response) => {
    const answer = answers[sent.connections++ % answers.length];
    const refused = sent.connections % 2 === 0;
    response.writeHead(refused ? 400 : 200, { 'content-type': 'application/xml' });
    // Whoever has heard enough ends the connection.
    pipeline(Readable.from(slowly(answer, response, sent)), response).catch(() => undefined);
  }).listen(0, '127.68.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.68.0.1:${port}/fleet`,
    hosts: [{ address: '127.68.0.1', port }],
    request: 'GET /fleet HTTP/1.1\r\nHost: fleet\r\n\r\n',
    sent,
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

/** @param to ends a silent answer, which has nothing that a reader could refuse */
async function* slowly(answer: Answer | undefined, to: ServerResponse, sent: Sent): AsyncGenerator<Buffer> {
  for (const piece of answer?.pieces('XML') ?? []) {
    if (to.destroyed) return;
    sent.bytes += piece.length;
    if (piece.length > 0) yield Buffer.from(piece);
    await sleep(answer?.pauseMilliseconds ?? 0);
  }
}
