import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StackHost } from '../../../crds/index.ts';
import type { Host, HostEvent } from '../../../host-driver/host.ts';
import { formatKey, type ObjectKey } from '../../../runtime/objects.ts';
import { silentLogger } from '../../../runtime/report/logger.ts';
import { waitFor } from '../../../test/support/wait.ts';
import { aStack } from '../testing.ts';
import { HostWatcher } from './watch-hosts.ts';

const stackOf = (namespace: string): ObjectKey => ({ namespace, name: 'acme' });
const hostAt = (address: string): StackHost => ({ ...aStack().spec.host, address });
const hostKey = 'SHA256:of-a-template';
let woken: string[];
let watcher: HostWatcher;

beforeEach(() => {
  woken = [];
  const wake = (key: ObjectKey): void => void woken.push(formatKey(key));
  watcher = new HostWatcher({ happened: wake, ended: wake, logger: silentLogger });
});
afterEach(() => watcher.close());

/** A host whose stream says that something happened to these projects, then stays open. */
function hostWithEvents(...projects: readonly string[]): { readonly host: Host; streams: number } {
  const seen = { streams: 0 };
  async function* events(signal: AbortSignal): AsyncGenerator<HostEvent> {
    seen.streams += 1;
    for (const project of projects) yield { project, service: 'acd-web', action: 'die', timeSeconds: 0 };
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  return Object.assign(seen, { host: { events } as Partial<Host> as Host });
}

it('a host that says it is another one wakes only stacks that are reached through it', async () => {
  // Both have the same machine-id and host key, as machines from one template do, or as one of them claims.
  const liar = hostWithEvents('p-own', 'p-victim');
  const honest = hostWithEvents('p-victim');
  watcher.watch(stackOf('own'), 'p-own', hostAt('192.0.2.66'), hostKey, liar.host);
  await waitFor('the first event', () => woken.length > 0);
  expect(woken).toEqual(['own/acme']);
  watcher.watch(stackOf('victim'), 'p-victim', hostAt('192.0.2.1'), hostKey, honest.host);
  await waitFor('the event of the other host', () => woken.includes('victim/acme'));
  expect([liar.streams, honest.streams]).toEqual([1, 1]);
});

it('stacks on one host share a stream', async () => {
  const shared = hostWithEvents();
  watcher.watch(stackOf('a'), 'p-a', hostAt('192.0.2.1'), hostKey, shared.host);
  watcher.watch(stackOf('b'), 'p-b', hostAt('192.0.2.1'), hostKey, shared.host);
  await waitFor('the stream', () => shared.streams > 0);
  expect(shared.streams).toBe(1);
});
