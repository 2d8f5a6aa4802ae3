import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StackHost } from '../../../crds/index.ts';
import type { Host, HostEvent } from '../../../host-driver/host.ts';
import { formatKey, type ObjectKey } from '../../../runtime/objects.ts';
import { silentLogger } from '../../../runtime/report/logger.ts';
import { waitFor } from '../../../test/support/wait.ts';
import { aStack } from '../testing.ts';
import { HostWatcher, type Looked } from './watch-hosts.ts';

const stackOf = (namespace: string): ObjectKey => ({ namespace, name: 'acme' });
const hostAt = (address: string): StackHost => ({ ...aStack().spec.host, address });
const since = new Date('2026-03-01T03:00:00Z');
/** All prove to have the key of a template. */
const found = (host: Host, changes: Partial<Looked> = {}): Looked => ({
  host,
  hostKey: 'SHA256:of-a-template',
  since,
  clockSkewSeconds: 0,
  ...changes,
});
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
  watcher.watch(stackOf('own'), 'p-own', hostAt('192.0.2.66'), found(liar.host));
  await waitFor('the first event', () => woken.length > 0);
  expect(woken).toEqual(['own/acme']);
  watcher.watch(stackOf('victim'), 'p-victim', hostAt('192.0.2.1'), found(honest.host));
  await waitFor('the event of the other host', () => woken.includes('victim/acme'));
  expect([liar.streams, honest.streams]).toEqual([1, 1]);
});

it('stacks on one host share a stream', async () => {
  const shared = hostWithEvents();
  watcher.watch(stackOf('a'), 'p-a', hostAt('192.0.2.1'), found(shared.host));
  watcher.watch(stackOf('b'), 'p-b', hostAt('192.0.2.1'), found(shared.host));
  await waitFor('the stream', () => shared.streams > 0);
  expect(shared.streams).toBe(1);
});

it('asks for what happened since the look began, by the clock of the host', async () => {
  const asked: (number | undefined)[] = [];
  const { host } = hostWithEvents();
  const { events } = host;
  host.events = (signal, sinceSeconds) => {
    asked.push(sinceSeconds);
    return events(signal, sinceSeconds);
  };
  watcher.watch(stackOf('a'), 'p-a', hostAt('192.0.2.1'), found(host, { clockSkewSeconds: 90 }));
  await waitFor('the stream', () => asked.length > 0);
  // Both clocks are known in whole seconds.
  expect(asked).toEqual([since.getTime() / 1000 + 90 - 2]);
});

it('a stack that joins a stream is woken by what happened since its look began, and once', async () => {
  const seconds = since.getTime() / 1000;
  const { host } = hostWithEvents('p-a');
  const { events } = host;
  const happened = { project: 'p-b', service: 'acd-web', action: 'die', timeSeconds: seconds };
  host.events = async function* (signal) {
    yield { ...happened, project: 'p-c', timeSeconds: seconds - 60 };
    yield happened;
    yield* events(signal);
  };
  watcher.watch(stackOf('a'), 'p-a', hostAt('192.0.2.1'), found(host));
  await waitFor('the event after theirs', () => woken.length > 0);
  for (const name of ['b', 'c', 'b'])
    watcher.watch(stackOf(name), `p-${name}`, hostAt('192.0.2.1'), found(host));
  expect(woken).toEqual(['a/acme', 'b/acme']);
});

it('remembers no more events of projects that nobody watches than Docker does', async () => {
  const seconds = since.getTime() / 1000;
  const { host } = hostWithEvents('p-a');
  const { events } = host;
  host.events = async function* (signal) {
    for (let index = 0; index < 257; index += 1)
      yield { project: `made-up-${index}`, service: '', action: 'die', timeSeconds: seconds };
    yield* events(signal);
  };
  watcher.watch(stackOf('a'), 'p-a', hostAt('192.0.2.1'), found(host));
  await waitFor('the event after theirs', () => woken.length > 0);
  for (const index of [0, 1])
    watcher.watch(stackOf(`${index}`), `made-up-${index}`, hostAt('192.0.2.1'), found(host));
  expect(woken).toEqual(['a/acme', '1/acme']);
});
