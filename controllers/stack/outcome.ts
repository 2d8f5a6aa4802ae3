/** Failures of inputs, hosts and stores as data that a planner can look at. */

import type { Reason } from '../../crds/index.ts';
import { BlobError } from '../../blob-store/blob-store.ts';
import { HostError } from '../../host-driver/host.ts';
import { RenderError } from '../../release/stack-input.ts';
import { InputError } from '../inputs/input-error.ts';

/** Something that was looked for: there, or not there with a reason that becomes a condition. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** Anything else is a bug or the API's, and passes on. */
export async function outcome<T>(look: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await look() };
  } catch (error) {
    if (error instanceof InputError || error instanceof HostError || error instanceof BlobError) {
      return { ok: false, reason: error.reason, message: error.message };
    }
    if (error instanceof RenderError) return { ok: false, reason: 'SpecInvalid', message: error.message };
    throw error;
  }
}
