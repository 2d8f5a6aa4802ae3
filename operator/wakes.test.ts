import { describe, expect, it } from 'vitest';
import { aStore } from '../controllers/store/testing.ts';
import { aStack } from '../controllers/stack/testing.ts';
import type { Condition, JtelBackupStore, JtelRestore, JtelStack } from '../crds/index.ts';
import { ObjectStore } from '../runtime/cache/object-store.ts';
import type { Change } from '../runtime/cache/store.ts';
import {
  doorsOf,
  hostIsBack,
  readMetadata,
  storeMatters,
  waitingBackupMatters,
  isAtWork,
  waitingFirst,
  waitsForHost,
} from './wakes.ts';

function condition(type: string, status: Condition['status'], reason: string): Condition {
  const lastTransitionTime = '2026-03-01T03:00:00Z';
  return { type, status, reason, message: '', lastTransitionTime, observedGeneration: 1 } as Condition;
}

function changed<T>(previous: T, object: T): Change<T> {
  return { type: 'Modified', key: { namespace: 'acme', name: 'x' }, object, previous };
}

describe('a change of a store', () => {
  const status = {
    lastValidationTime: '2026-03-01T03:00:00Z',
    conditions: [condition('Available', 'True', 'Available'), condition('Immutable', 'True', 'Verified')],
  };
  const store = { ...aStore(), status } as JtelBackupStore;
  const storeWith = (change: Partial<JtelBackupStore['status']>): JtelBackupStore =>
    ({ ...store, status: { ...status, ...change } }) as JtelBackupStore;

  it.each([
    ['the time of its last check', storeWith({ lastValidationTime: '2026-03-01T03:10:00Z' })],
    ['its message', storeWith({ message: '3 backups' })],
    ['another condition', storeWith({ conditions: [condition('Available', 'True', 'Available')] })],
    ['its version', { ...store, metadata: { ...store.metadata, resourceVersion: '99' } }],
  ])('concerns no stack when it is %s', (_, next) => {
    expect(storeMatters(changed(store, next))).toBe(false);
  });

  it.each([
    ['its spec', { ...store, metadata: { ...store.metadata, generation: 99 } }],
    ['that it is away', storeWith({ conditions: [condition('Available', 'False', 'StoreUnreachable')] })],
    [
      'the keys that it trusts',
      storeWith({ signingKeys: [{ keyID: 'k', publicKey: 'p', time: 't' }] as never }),
    ],
    ['what its container keeps', storeWith({ retention: { state: 'Locked', days: 30 } as never })],
    ['another object of its name', { ...store, metadata: { ...store.metadata, uid: 'another' } }],
  ])('concerns its stacks when it is %s', (_, next) => {
    expect(storeMatters(changed(store, next))).toBe(true);
  });

  it('concerns its stacks when it is created or deleted', () => {
    for (const type of ['Added', 'Deleted'] as const)
      expect(storeMatters({ type, key: { namespace: 'acme', name: 'x' }, object: store })).toBe(true);
  });
});

describe('a change of a stack', () => {
  const stackWith = (status: Condition['status'], reason: string): JtelStack =>
    aStack({}, {}, { conditions: [condition('HostReachable', status, reason)] } as JtelStack['status']);
  const away = stackWith('False', 'HostUnreachable');
  const there = stackWith('True', 'HostReachable');

  it('tells that its host is back, once', () => {
    const changes = [changed(away, there), changed(there, away), changed(there, there), changed(away, away)];
    expect(changes.map(hostIsBack)).toEqual([true, false, false, false]);
    // A new stack that is reached at its first look tells that the way to others is mended.
    expect(hostIsBack(changed(aStack(), there))).toBe(true);
    expect(hostIsBack(changed(away, stackWith('False', 'AuthenticationFailed')))).toBe(false);
    expect(hostIsBack({ type: 'Added', key: { namespace: 'acme', name: 'x' }, object: there })).toBe(false);
  });

  it('concerns its backups that wait, when it tells when they begin, or that they never do', () => {
    const stack = aStack();
    const backup = { schedule: '0 2 * * *', scheduleSpreadMinutes: 45 };
    const planned = aStack({ backup: backup as NonNullable<JtelStack['spec']['backup']> });
    const goes = aStack({}, { deletionTimestamp: '2026-03-01T03:00:00Z' });
    expect(waitingBackupMatters(changed(stack, planned))).toBe(true);
    expect(waitingBackupMatters(changed(stack, goes))).toBe(true);
    expect(waitingBackupMatters(changed(stack, aStack({}, { uid: 'another' })))).toBe(true);
    expect(waitingBackupMatters(changed(away, there))).toBe(true);
    expect(
      waitingBackupMatters({ type: 'Deleted', key: { namespace: 'acme', name: 'x' }, object: stack }),
    ).toBe(true);
    expect(waitingBackupMatters(changed(there, away))).toBe(false);
    expect(waitingBackupMatters(changed(planned, structuredClone(planned)))).toBe(false);
  });

  it('wakes those first that wait for it', () => {
    const restores = ['Completed', 'Failed', 'Loading', undefined].map(
      (phase) =>
        ({
          kind: 'JtelRestore',
          metadata: { namespace: 'acme', name: phase ?? 'new' },
          status: { phase },
        }) as JtelRestore,
    );
    const woken = waitingFirst(restores, isAtWork).map(({ name }) => name);
    expect(woken).toEqual(['Loading', 'new', 'Completed', 'Failed']);
    expect(isAtWork(aStack())).toBe(false);
    expect(isAtWork(aStack({}, {}, { operation: {} } as JtelStack['status']))).toBe(true);
  });

  it('is slow for requests of a stack whose host is away, and of no other', () => {
    const stacks = new ObjectStore<JtelStack>();
    stacks.replaceAll([aStack(), aStack({}, { name: 'other', uid: 'other' })]);
    const isSlow = waitsForHost(stacks, ({ metadata }) => metadata.name === 'main');
    const requestFor = (name: string): JtelRestore =>
      ({ metadata: { namespace: 'acme', name: 'r' }, spec: { stackRef: { name } } }) as JtelRestore;
    expect(['main', 'other', 'unknown'].map((name) => isSlow(requestFor(name)))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('concerns those behind the same address, and behind the same jump host', () => {
    const { host } = aStack().spec;
    const jumpHost = { ...host, address: '198.51.100.1', port: 2222 };
    expect(doorsOf(aStack())).toEqual(['192.0.2.10:22']);
    expect(doorsOf(aStack({ host: { ...host, jumpHost } }))).toEqual([
      '192.0.2.10:22 by 198.51.100.1:2222',
      '198.51.100.1:2222',
    ]);
  });

  it('wakes nobody when it is a label, or an annotation of somebody else', () => {
    const own = { 'jtel.de/retry': '1', 'jtel.de/reconcile-requested-at': '2' };
    expect(
      readMetadata({ annotations: { ...own, 'argocd.argoproj.io/refresh': 'x' }, labels: { a: 'b' } }),
    ).toEqual(readMetadata({ annotations: own }));
    expect(readMetadata({ annotations: own })).not.toEqual(
      readMetadata({ annotations: { ...own, 'jtel.de/retry': '2' } }),
    );
    expect(readMetadata({})).toEqual([]);
  });
});
