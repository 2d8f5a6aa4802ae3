/** Tenants on an API server: each has a namespace, a store, an SSH key, and stacks with a host each. */
import { generateKeyPairSync } from 'node:crypto';
import { stackKind, storeKind, type JtelBackupStore, type JtelStack } from '../../crds/index.ts';
import { isAlreadyExists, namespaces, secrets, type Cluster } from '../../runtime/index.ts';
import { waitFor } from '../../test/support/wait.ts';

/** Requests side by side. */
const atOnce = 16;
const callSeconds = 60;

export interface FleetStack {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
  /** Default 22. */
  readonly port?: number;
  /** Of what the namespace has; default `ssh`. */
  readonly sshSecret?: string;
  /** Default `vendor`. */
  readonly store?: string;
}

export interface Fleet {
  readonly namespaces: readonly string[];
  readonly stacks: readonly FleetStack[];
}

/** @param prefix begins the names of the namespaces, and is different for each fleet of a cluster */
export function fleetOf(prefix: string, tenants: number, stacksOfEach: number): Fleet {
  const names = Array.from({ length: tenants }, (_, index) => `${prefix}-${index}`);
  return {
    namespaces: names,
    stacks: names.flatMap((namespace, tenant) =>
      Array.from({ length: stacksOfEach }, (_, index) => ({
        namespace,
        name: `stack-${index}`,
        address: addressOf(tenant * stacksOfEach + index),
      })),
    ),
  };
}

function addressOf(index: number): string {
  return `10.77.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

export function call(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(callSeconds * 1000) };
}

/** Makes what does not exist yet. */
export async function createFleet(cluster: Cluster, fleet: Fleet): Promise<void> {
  const privateKey = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
  const endpoint = 'https://store.invalid/fleet';
  await sideBySide(fleet.namespaces, async (namespace) => {
    await unlessThere(cluster.create(namespaces, { metadata: { name: namespace } }, call()));
    const secret = async (name: string, stringData: Readonly<Record<string, string>>): Promise<void> => {
      await unlessThere(cluster.create(secrets, { metadata: { namespace, name }, stringData }, call()));
    };
    await secret('ssh', { 'ssh-privatekey': privateKey });
    const accountKey = Buffer.alloc(64).toString('base64');
    await secret('vendor', { endpoint, accountName: 'fleet', accountKey });
    await unlessThere(cluster.create(storeKind, aStore(namespace, 'vendor', endpoint), call()));
  });
  await sideBySide(fleet.stacks, async (stack) => {
    await unlessThere(cluster.create(stackKind, aStack(stack), call()));
  });
}

/** What people write; the API server completes it. */
export function aStore(
  namespace: string,
  name: string,
  endpoint: string,
  { container = 'releases', secret = 'vendor' } = {},
): JtelBackupStore {
  const azure = { endpoint, container, credentialsSecretRef: { name: secret } };
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackupStore',
    metadata: { namespace, name },
    spec: { tier: 'Vendor', azure } as JtelBackupStore['spec'],
  } as JtelBackupStore;
}

function aStack({ namespace, name, address, ...others }: FleetStack): JtelStack {
  const { port = 22, sshSecret = 'ssh', store = 'vendor' } = others;
  const host: JtelStack['spec']['host'] = {
    address,
    port,
    user: 'root',
    bootstrap: 'Managed',
    sshSecretRef: { name: sshSecret },
    hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
  };
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: { namespace, name },
    spec: {
      version: '3.43.2',
      size: 'Small',
      releaseStoreRef: { name: store },
      host,
      network: { fqdn: `${name}.${namespace}.example` },
    } as JtelStack['spec'],
  } as JtelStack;
}

/** Waits until all are installed. */
export async function untilReady(cluster: Cluster, fleet: Fleet, timeoutSeconds: number): Promise<void> {
  const ours = new Set(fleet.namespaces);
  let missing = 'nothing was seen yet';
  await waitFor(
    () => `all stacks to be Ready; ${missing}`,
    async () => {
      const waiting = (await cluster.list(stackKind, {}, call())).filter(
        ({ metadata, status }) => ours.has(metadata.namespace ?? '') && status?.phase !== 'Ready',
      );
      const [first] = waiting;
      missing = `${waiting.length} are not, such as ${JSON.stringify(first?.status)}`;
      return waiting.length === 0;
    },
    { timeoutSeconds, intervalMilliseconds: 1000 },
  );
}

/** Deletes the namespaces. No operator is left to remove the finalizers; no host was ever real. */
export async function removeFleet(cluster: Cluster, fleet: Fleet): Promise<void> {
  await sideBySide(fleet.stacks, async ({ namespace, name }) => {
    const stack = await cluster.find(stackKind, { namespace, name }, call());
    if (stack !== undefined) await cluster.patchFinalizers(stackKind, stack, [], call());
  });
  await sideBySide(fleet.namespaces, async (name) => {
    await cluster.delete(namespaces, { namespace: '', name }, {}, call());
  });
}

async function unlessThere(made: Promise<unknown>): Promise<void> {
  await made.catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
}

async function sideBySide<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const item of rest) await each(item);
    }),
  );
}

/** Not the default, which would be no change. */
const leastLimit = 11;

/** A change of the spec after which the host needs nothing. @param change one more than this stack's last time */
export async function changeStack(
  cluster: Cluster,
  { namespace, name }: FleetStack,
  change: number,
): Promise<void> {
  const changed = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: stackKind.kind,
    metadata: { namespace, name },
    spec: { revisionHistoryLimit: leastLimit + (change % 40) },
  };
  await cluster.apply(stackKind, changed as unknown as JtelStack, call());
}
