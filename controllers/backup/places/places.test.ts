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

function shown(
  name: string,
  phase?: Phase,
  reason: Reason = 'BackupRunning',
  metadata: Partial<JtelBackup['metadata']> = {},
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
  const identity = { name, uid: name, resourceVersion: String((version += 1)), ...metadata };
  const backup = aBackup(status, { trigger: 'Scheduled' }, identity);
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
  ['cannot be stored, because the store is away', () => shown('a', 'Verifying', 'StoreUnreachable')],
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
  shown('a', 'Running');
  expect(places.ask(shown('b'))).toEqual({ until: 'Place', store: 'backups', most: 1, before: 0 });
});
