/** Something that a resource refers to is missing or unusable. It becomes a condition; only a change of that input helps. */

import type { Reason } from '../../crds/index.ts';

export class InputError extends Error {
  override readonly name = 'InputError';
  readonly reason: Reason;

  /** @param message names the field, the object and what to do; never a value. */
  constructor(reason: Reason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
