/** Failures of inputs, hosts and stores as data that a planner can look at, a condition can show and an event can tell. */

import { isReason, type Reason } from '../../crds/index.ts';
import { BlobError } from '../../blob-store/blob-store.ts';
import { HostError } from '../../host-driver/host.ts';
import { RenderError } from '../../release/stack-input.ts';
import { InputError } from './input-error.ts';

/** What is wrong, with which object, and what to do. */
export interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

/** Something that was looked for: there, or not there with a reason that becomes a condition. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** @throws what says nothing about inputs, hosts or stores: a bug, or the API's */
export async function outcome<T>(look: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await look() };
  } catch (error) {
    return { ok: false, ...problemOf(error) };
  }
}

/** As {@link outcome}, of what is computed. */
export function outcomeOf<T>(compute: () => T): Outcome<T> {
  try {
    return { ok: true, value: compute() };
  } catch (error) {
    return { ok: false, ...problemOf(error) };
  }
}

/** @throws the error itself when it says nothing about inputs, hosts or stores */
export function problemOf(error: unknown): Problem {
  const problem = knownProblem(error);
  if (problem === undefined) throw error;
  return problem;
}

/** What a wave failed with, whatever it was. */
export function failureOf(error: unknown): Problem {
  const known = knownProblem(error);
  if (known !== undefined) return known;
  const message = error instanceof Error ? error.message : String(error);
  return { reason: error instanceof Error && isReason(error.name) ? error.name : 'InternalError', message };
}

function knownProblem(error: unknown): Problem | undefined {
  if (error instanceof InputError || error instanceof HostError || error instanceof BlobError)
    return { reason: error.reason, message: error.message };
  return error instanceof RenderError ? { reason: 'SpecInvalid', message: error.message } : undefined;
}
