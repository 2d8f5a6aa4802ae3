/** Reads a Secret for its users: text by key, with an error that says what is missing. */
import { optional } from '../../base/optional.ts';
import { formatKey, keyOf } from '../objects.ts';
import type { SecretValues } from './cluster.ts';
import type { Secret } from './kinds.ts';

/** A key that a reference needs is missing in the Secret (or empty); only a change of the Secret helps. */
class SecretKeyMissing extends Error {
  override readonly name = 'SecretKeyMissing';
}

/** Keys of a Secret that hold no secret: masking an account's name would only spoil messages. */
const publicKeys: ReadonlySet<string> = new Set(['accountName', 'username', 'endpoint', 'tls.crt', 'ca.crt']);

/**
 * The values that nobody may read elsewhere. A value that names another entry, as `current: 2026-a` does, is as public as
 * that entry's name.
 */
export function hiddenValues(values: SecretValues): readonly string[] {
  const names = new Set(values.keys);
  return values.keys
    .filter((key) => !publicKeys.has(key))
    .flatMap((key) => values.find(key) ?? [])
    .filter((value) => !names.has(value));
}

export function decodeSecret(secret: Secret): SecretValues {
  const values = new Map(
    Object.entries(secret.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  );
  const object = formatKey(keyOf(secret));
  const { deletionTimestamp } = secret.metadata ?? {};
  return {
    find: (key) => values.get(key),
    get: (key) => {
      const value = values.get(key);
      if (value !== undefined && value !== '') return value;
      const problem =
        value === '' ? 'is empty' : `is missing; present: ${[...values.keys()].join(', ') || 'none'}`;
      throw new SecretKeyMissing(`secret ${object}: key "${key}" ${problem}`);
    },
    keys: [...values.keys()],
    uid: secret.metadata?.uid ?? '',
    resourceVersion: secret.metadata?.resourceVersion ?? '',
    type: secret.type ?? 'Opaque',
    labels: secret.metadata?.labels ?? {},
    finalizers: secret.metadata?.finalizers ?? [],
    ...optional({ deletionTimestamp }),
  };
}
