/**
 * How a stack's secrets are called on its host. A plain digest of a password would let anybody who sees the name (in the
 * mounts of a process, in `docker inspect`, in a condition) try passwords until one fits. So names are keyed digests, and
 * the key lies beside the passwords and on no host. Pure.
 *
 * What an older operator stored under plain digests keeps its names until its content changes: another name would start
 * its containers anew, and calls would be lost.
 */
import type { SecretValues } from '../../runtime/client/cluster.ts';
import type { FileNames } from '../../release/stack-input.ts';
import {
  list,
  object,
  optional as optionalField,
  read,
  text,
  patterns,
  FormatError,
} from '../../backup-format/schema.ts';
import { InputError } from './input-error.ts';

/** Entry of the Secret with the stack's passwords. No secret of a release has such a name. */
export const fileNamesKey = 'file-names.json';

const entry = object({
  key: text(patterns.sha256),
  plain: list(text(patterns.sha256), { most: 10_000 }),
  kept: optionalField(
    list(object({ sha256: text(patterns.sha256), name: text(patterns.sha256) }), { most: 10_000 }),
  ),
});

/** A secret that was read back from the host, and the name that it has there. */
export interface KeptName {
  readonly sha256: string;
  readonly name: string;
}

/**
 * @param key 32 random bytes in hexadecimal
 * @param plain digests (SHA-256) of what lies on the host under plain names
 */
export function newFileNames(
  key: string,
  plain: readonly string[] = [],
  kept: readonly KeptName[] = [],
): string {
  return JSON.stringify({ key, plain, ...(kept.length === 0 ? {} : { kept }) });
}

/**
 * @returns undefined if the stack has no key yet
 * @throws {InputError} when the entry is not what the operator wrote: other names would start containers anew
 */
export function readFileNames(values: SecretValues | undefined): FileNames | undefined {
  const found = values?.find(fileNamesKey);
  if (found === undefined) return undefined;
  try {
    return read(entry, JSON.parse(found), fileNamesKey);
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof SyntaxError)) throw error;
    throw new InputError(
      'SecretInvalid',
      `The entry ${fileNamesKey} of the Secret with the stack's passwords is not what the operator wrote: bring it back from a copy. ` +
        'Without it, services that read secrets start anew: remove it if you agree to that.',
    );
  }
}
