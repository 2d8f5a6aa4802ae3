/** A night of a thousand stacks over a cache: how many run, how often one that waits is looked at, and who waits for whom. */
import { expect, test } from 'vitest';
import type { JtelBackup, JtelBackupStatus, Reason } from '../../../crds/index.ts';
import { ObjectStore } from '../../../runtime/cache/object-store.ts';
import { isFinished } from '../desired/request.ts';
import { aBackup, aStack } from '../testing.ts';
import { Places } from './places.ts';

const bounds = { perStore: 10, inAll: 50 };

class Night {
  readonly cache = new ObjectStore<JtelBackup>();
  readonly #unfinished = this.cache.index((one) => (isFinished(one) ? [] : ['']));
  readonly due: string[] = [];
  readonly began: string[] = [];
  #places = this.#operator();
  #unfollow = this.cache.onChange((change) => this.#places.changed(change));
  #version = 0;
  looks = 0;
  statuses = 0;
  mostInAll = 0;
  mostInStore = 0;

  #operator(): Places {
    return new Places({
      bounds,
      unfinished: this.#unfinished,
      stackOf: () => aStack(),
      wake: ({ namespace, name }) => this.due.push(`${namespace}/${name}`),
    });
  }

  /** Another process takes over. It knows only what the cache shows. */
  replaceOperator(): void {
    this.#unfollow();
    this.#places = this.#operator();
    this.#unfollow = this.cache.onChange((change) => this.#places.changed(change));
    this.due.length = 0;
    for (const one of this.cache.list()) if (!isFinished(one)) this.due.push(keyOf(one));
  }

  ask(namespace: string, name: string): void {
    this.#show(
      aBackup(undefined, { trigger: 'Scheduled' }, { namespace, name, uid: `${namespace}/${name}` }),
    );
    this.due.push(`${namespace}/${name}`);
  }

  /** Looks at whatever is due, as the controller does. */
  work(): void {
    for (let key = this.due.shift(); key !== undefined; key = this.due.shift()) {
      const [namespace = '', name = ''] = key.split('/');
      const backup = this.cache.get({ namespace, name });
      if (backup === undefined || (backup.status?.phase ?? 'Pending') !== 'Pending') continue;
      this.looks += 1;
      const held = this.#places.ask(backup);
      if (held === undefined) this.began.push(key);
      this.#tell(
        backup,
        held === undefined ? 'Running' : 'Pending',
        held === undefined ? 'BackupRunning' : 'BackupQueued',
      );
      this.#measure();
    }
  }

  end(backup: JtelBackup): void {
    this.#tell(backup, 'Completed', 'Completed');
  }

  running(): readonly JtelBackup[] {
    return this.#unfinished.get('').filter(({ status }) => status?.phase === 'Running');
  }

  #measure(): void {
    const running = this.running();
    this.mostInAll = Math.max(this.mostInAll, running.length);
    for (const { metadata } of running)
      this.mostInStore = Math.max(
        this.mostInStore,
        running.filter((other) => other.metadata.namespace === metadata.namespace).length,
      );
  }

  #tell(backup: JtelBackup, phase: NonNullable<JtelBackupStatus['phase']>, reason: Reason): void {
    if (backup.status?.phase === phase) return;
    this.statuses += 1;
    const lastTransitionTime = '2026-06-01T00:00:00Z';
    const conditions = [
      { type: 'Complete', status: 'False', reason, message: '', lastTransitionTime },
    ] as const;
    this.#show({ ...backup, status: { ...backup.status, phase, conditions } });
  }

  #show(backup: JtelBackup): void {
    const resourceVersion = String((this.#version += 1));
    this.cache.put({ ...backup, metadata: { ...backup.metadata, resourceVersion } });
  }
}

const keyOf = ({ metadata }: JtelBackup): string => `${metadata.namespace}/${metadata.name}`;

// Some thousand looks at a thousand backups: seconds on a machine at rest.
const options = { timeout: 180_000 };

test('a thousand due at once run fifty at a time, also when another operator takes over', options, () => {
  const night = new Night();
  // One customer has 300 stacks in one store, 700 have one each.
  for (let index = 0; index < 300; index += 1) night.ask('large', `l-${index}`);
  for (let index = 0; index < 700; index += 1) night.ask(`small-${index}`, 'main');
  night.work();
  let rounds = 0;
  for (; night.running().length > 0; rounds += 1) {
    if (rounds === 5) night.replaceOperator();
    for (const backup of night.running()) night.end(backup);
    night.work();
  }
  expect(night.cache.list().filter(isFinished)).toHaveLength(1000);
  expect(new Set(night.began).size).toBe(1000);
  expect(night.began).toHaveLength(1000);
  expect(night.mostInAll).toBe(50);
  expect(night.mostInStore).toBe(10);
  // Each is told that it waits, begins and ends.
  expect(night.statuses).toBeLessThanOrEqual(3000);
  // One look to be told, one to begin, one by the next operator.
  expect(night.looks).toBeLessThanOrEqual(3000);
  // While others wait, the large customer has one place like everybody else: 15 rounds. Then it has the ten of its store: 29.
  expect(rounds).toBeLessThanOrEqual(44);
  expect(night.began.slice(0, 700).filter((key) => key.startsWith('large/')).length).toBeLessThan(40);
});
