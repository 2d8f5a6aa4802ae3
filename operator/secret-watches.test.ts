/** Which Secrets are watched, for whom, and for how long. */
import { describe, expect, it } from 'vitest';
import { ObjectStore } from '../runtime/cache/object-store.ts';
import { formatKey, type ObjectKey } from '../runtime/index.ts';
import { SecretWatches, type NamingObject } from './secret-watches.ts';

const host = { sshSecretRef: { name: 'ssh' }, jumpHost: { sshSecretRef: { name: 'jump' } } };
const spec = {
  host,
  imagePullSecretRef: { name: 'pull' },
  components: [{ env: [{ secretKeyRef: { name: 'env', key: 'x' } }] }],
  releaseStoreRef: { name: 'vendor' },
};

let version = 0;

function aStack(name: string, reason: string, status = 'False'): NamingObject {
  return {
    metadata: { namespace: 'acme', name, uid: name, resourceVersion: String((version += 1)) },
    spec,
    status: { conditions: [{ status, reason }] },
  };
}

/** A store, the watched Secrets, and who was woken. */
function stage(): {
  readonly store: ObjectStore<NamingObject>;
  readonly watched: () => string[];
  readonly change: (key: string) => void;
  readonly woken: string[];
  readonly watches: SecretWatches;
} {
  const store = new ObjectStore<NamingObject>();
  const running = new Map<string, () => void>();
  const watches = new SecretWatches((key: ObjectKey, changed, signal) => {
    running.set(formatKey(key), changed);
    signal.addEventListener('abort', () => running.delete(formatKey(key)));
    return Promise.resolve();
  });
  const woken: string[] = [];
  watches.follow(store, 'stack', (key) => woken.push(key.name));
  return {
    store,
    watched: () => [...running.keys()].toSorted(),
    change: (key) => running.get(key)?.(),
    woken,
    watches,
  };
}

const all = ['acme/env', 'acme/jump', 'acme/pull', 'acme/ssh'];

describe('Secrets that are waited for', () => {
  it.each(['SecretNotFound', 'SecretInvalid', 'AuthenticationFailed', 'RegistryRefused'])(
    'are watched while a condition is %s, each by its name',
    (reason) => {
      const { store, watched } = stage();
      store.put(aStack('main', reason));
      expect(watched()).toEqual(all);
    },
  );

  it('are not watched for an object that is well, or has another trouble', () => {
    const { store, watched } = stage();
    store.put(aStack('well', 'SecretNotFound', 'True'));
    store.put(aStack('other', 'HostUnreachable'));
    expect(watched()).toEqual([]);
  });

  it('wake everybody who waits for them, and nobody else', () => {
    const { store, change, woken } = stage();
    store.put(aStack('first', 'SecretInvalid'));
    store.put(aStack('second', 'AuthenticationFailed'));
    store.put(aStack('well', 'Healthy', 'True'));
    change('acme/ssh');
    expect(woken.toSorted()).toEqual(['first', 'second']);
  });

  it('are let go when the last one is well, or gone', () => {
    const { store, watched } = stage();
    store.put(aStack('first', 'SecretInvalid'));
    store.put(aStack('second', 'SecretInvalid'));
    store.put(aStack('first', 'Healthy', 'True'));
    expect(watched()).toEqual(all);
    store.remove(aStack('second', 'SecretInvalid'));
    expect(watched()).toEqual([]);
  });

  it('are no more than a hundred: each holds a connection', () => {
    const { store, watched } = stage();
    for (let index = 0; index < 200; index += 1)
      store.put({
        ...aStack(`s${index}`, 'SecretInvalid'),
        spec: { host: { sshSecretRef: { name: `ssh-${index}` } } },
      });
    expect(watched()).toHaveLength(100);
  });

  it('are not watched any more after the end', () => {
    const { store, watched, watches } = stage();
    store.put(aStack('main', 'SecretInvalid'));
    watches.close();
    expect(watched()).toEqual([]);
  });
});
