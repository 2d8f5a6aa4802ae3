/** Which Secrets are waited for, by whom, and for how long. */
import { describe, expect, it } from 'vitest';
import { ObjectStore } from '../runtime/cache/object-store.ts';
import { parseKey, type ObjectKey } from '../runtime/index.ts';
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
function stage(existing?: string): {
  readonly store: ObjectStore<NamingObject>;
  readonly watched: () => string[];
  readonly change: (key: string) => void;
  readonly woken: string[];
  /** Seconds after which each of them is woken. */
  readonly pauses: number[];
  readonly watches: SecretWatches;
} {
  const store = new ObjectStore<NamingObject>();
  let tell: ((key: ObjectKey) => void) | undefined;
  const watches = new SecretWatches({
    versionOf: ({ name }) => (name === existing ? '1' : undefined),
    onChange: (listener) => {
      tell = listener;
      return () => (tell = undefined);
    },
  });
  const woken: string[] = [];
  const pauses: number[] = [];
  watches.follow(store, 'stack', (key, afterSeconds) => {
    woken.push(key.name);
    pauses.push(afterSeconds);
  });
  return {
    store,
    watched: () => watches.wanted.toSorted(),
    change: (key) => tell?.(parseKey(key)),
    woken,
    pauses,
    watches,
  };
}

const all = ['acme/env', 'acme/jump', 'acme/pull', 'acme/ssh'];

describe('Secrets that are waited for', () => {
  it.each(['SecretNotFound', 'SecretInvalid', 'AuthenticationFailed', 'RegistryRefused'])(
    'are waited for while a condition is %s, each by its name',
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

  it('wake those who wait for them in turn when they are many', () => {
    const { store, change, pauses } = stage();
    for (let index = 0; index < 25; index += 1) store.put(aStack(`stack-${index}`, 'SecretInvalid'));
    change('acme/ssh');
    expect([0, 1, 2].map((second) => pauses.filter((one) => one === second).length)).toEqual([10, 10, 5]);
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

  it('are tried once when they are there already: one may have changed since it was read', () => {
    const { store, woken } = stage('ssh');
    store.put(aStack('main', 'SecretInvalid'));
    expect(woken).toEqual(['main']);
    store.put(aStack('main', 'SecretInvalid'));
    expect(woken).toEqual(['main']);
  });

  it('wake nobody for a Secret that no object in trouble names', () => {
    const { store, change, woken } = stage();
    store.put(aStack('main', 'SecretInvalid'));
    change('acme/other');
    change('elsewhere/ssh');
    expect(woken).toEqual([]);
  });

  it('are not watched any more after the end', () => {
    const { store, watched, change, woken, watches } = stage();
    store.put(aStack('main', 'SecretInvalid'));
    watches.close();
    change('acme/ssh');
    expect([watched(), woken]).toEqual([[], []]);
  });
});
