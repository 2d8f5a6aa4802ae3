/** Places as they follow what a cache shows. */
import { beforeEach, expect, test } from 'vitest';
import type { JtelBackup, Reason } from '../../../crds/index.ts';
import { ObjectStore } from '../../../runtime/cache/object-store.ts';
import { isFinished } from '../desired/request.ts';
import { aBackup, aStack } from '../testing.ts';
import { Places } from './places.ts';

let cache: ObjectStore<JtelBackup>;
let woken: string[];
let version = 0;

beforeEach(() => {
  cache = new ObjectStore<JtelBackup>();
  woken = [];
});

/** As another process would make them from the same cache. */
function newPlaces(inAll = 2): Places {
  const places = new Places({
    bounds: { perStore: 10, inAll },
    unfinished: cache.index((one) => (isFinished(one) ? [] : [''])),
    stackOf: () => aStack(),
    wake: ({ name }) => woken.push(name),
  });
  cache.onChange((change) => places.changed(change));
  return places;
}

type Phase = NonNullable<NonNullable<JtelBackup['status']>['phase']>;

/** Each is in a namespace of its own. */
function shown(
  name: string,
  phase?: Phase,
  reason: Reason = 'BackupRunning',
  metadata: Partial<JtelBackup['metadata']> = {},
  trigger: JtelBackup['spec']['trigger'] = 'Scheduled',
): JtelBackup {
  const time = '2026-06-01T00:00:00Z';
  const condition = {
    type: 'Complete',
    status: 'False',
    reason,
    message: '',
    lastTransitionTime: time,
  } as const;
  const status = phase === undefined ? undefined : { phase, conditions: [condition] };
  const identity = { name, namespace: name, uid: name, resourceVersion: String((version += 1)), ...metadata };
  const backup = aBackup(status, { trigger }, identity);
  cache.put(backup);
  return backup;
}

const queued = (name: string): JtelBackup => shown(name, 'Pending', 'BackupQueued');

test('a place is taken when it is given, before any status says so', () => {
  const places = newPlaces();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => shown(name));
  expect([a, b].map((one) => one && places.ask(one))).toEqual([undefined, undefined]);
  expect(c && places.ask(c)).toEqual({ until: 'Place', most: 2, before: 0 });
  // Asking twice takes one place.
  expect(a && places.ask(a)).toBeUndefined();
});

test('a place that is given back, or whose backup ends or goes, wakes the next', () => {
  const places = newPlaces(1);
  const a = shown('a');
  places.ask(a);
  queued('b');
  expect(woken).toEqual([]);
  places.giveBack(a);
  expect(woken).toEqual(['b']);
  places.ask(a);
  shown('a', 'Running');
  // It has begun: the place is its own.
  places.giveBack(shown('a', 'Running'));
  woken = [];
  shown('a', 'Verifying', 'BackupVerifying');
  expect(woken).toEqual([]);
  shown('a', 'Completed', 'Completed');
  expect(woken).toEqual(['b']);
  const again = shown('z');
  expect(places.ask(again)).toEqual({ until: 'Place', most: 1, before: 1 });
  woken = [];
  cache.remove(queued('b'));
  expect(places.ask(again)).toBeUndefined();
  queued('c');
  cache.remove(again);
  expect(woken).toEqual(['c']);
});

test('another process counts the same', () => {
  shown('a', 'Running');
  shown('b', 'Verifying', 'BackupVerifying');
  queued('c');
  expect(newPlaces().ask(shown('d'))).toEqual({ until: 'Place', most: 2, before: 1 });
});

test.each([
  ['runs on a host that is away', () => shown('a', 'Running', 'HostUnreachable')],
  ['runs on a host that went away in the middle of an answer', () => shown('a', 'Running', 'OutcomeUnknown')],
  ['pauses before its next try', () => shown('a', 'Running', 'JobFailed')],
  ['cannot be stored, because the store is away', () => shown('a', 'Verifying', 'StoreUnreachable')],
  ['cannot be stored, because the store has too much to do', () => shown('a', 'Verifying', 'StoreThrottled')],
  [
    'is being deleted',
    () => shown('a', 'Running', 'BackupRunning', { deletionTimestamp: '2026-06-01T00:00:00Z' }),
  ],
  ['waits for something else', () => shown('a', 'Pending', 'HostUnreachable')],
])('a backup that %s holds up nobody', (_, show) => {
  show();
  expect(newPlaces(1).ask(shown('b'))).toBeUndefined();
});

test('the store that is full is named', () => {
  const places = new Places({
    bounds: { perStore: 1, inAll: 9 },
    unfinished: cache.index(() => ['']),
    stackOf: () => aStack(),
    wake: () => {},
  });
  const acme = { namespace: 'acme' };
  shown('a', 'Running', 'BackupRunning', acme);
  expect(places.ask(shown('b', 'Pending', 'BackupQueued', acme))).toEqual({
    until: 'Place',
    store: 'backups',
    most: 1,
    before: 0,
  });
});

/** Put aside after looks that failed. */
function putAside(backup: JtelBackup): void {
  const conditions = [
    {
      type: 'Quarantined',
      status: 'True',
      reason: 'Quarantined',
      message: '',
      lastTransitionTime: '2026-06-01T00:00:00Z',
    },
  ] as const;
  const resourceVersion = String((version += 1));
  cache.put({ ...backup, metadata: { ...backup.metadata, resourceVersion }, status: { conditions } });
}

test('one that was told to begin and is put aside loses its place', () => {
  const places = newPlaces(1);
  const a = shown('a');
  places.ask(a);
  const b = queued('b');
  woken = [];
  putAside(a);
  expect(woken).toEqual(['b']);
  expect(places.ask(b)).toBeUndefined();
});

test('one whose look ends with an error gives its place back', () => {
  const places = newPlaces(1);
  const a = shown('a');
  places.ask(a);
  const b = queued('b');
  woken = [];
  places.failed({ namespace: 'a', name: 'a' });
  expect(woken).toEqual(['b']);
  expect(places.ask(b)).toBeUndefined();
});

test('a place that became free before the status of the next said that it waits is given to it', () => {
  const places = newPlaces(1);
  const a = shown('a', 'Running');
  const b = shown('b');
  expect(places.ask(b)).toBeDefined();
  cache.remove(a);
  expect(woken).toEqual([]);
  queued('b');
  expect(woken).toEqual(['b']);
});

test('a backup that is part of an operation neither waits nor takes a place from others', () => {
  const places = newPlaces(1);
  const update = (name: string, phase: Phase): JtelBackup =>
    shown(name, phase, phase === 'Running' ? 'BackupRunning' : 'BackupQueued', {}, 'PreUpdate');
  update('a', 'Running');
  expect(places.ask(shown('b'))).toBeUndefined();
  expect(places.ask(update('c', 'Pending'))).toBeUndefined();
  const d = queued('d');
  expect(places.ask(d)).toEqual({ until: 'Place', most: 1, before: 0 });
});
