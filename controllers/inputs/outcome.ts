/** Failures of inputs, hosts and stores as data, for planners, conditions and events. */

import { isReason, type Reason } from '../../crds/index.ts';
import { BlobError } from '../../blob-store/blob-store.ts';
import { HostError } from '../../host-driver/host.ts';
import { describeMissingRight, missingRight } from '../../runtime/client/api-error.ts';
import { RenderError } from '../../release/stack-input.ts';
import { InputError } from './input-error.ts';

/** What is wrong, with which object, and what to do. */
export interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

/** The result of looking for something: a value, or a reason that becomes a condition. */
/** What a planner passes on in the words of whoever found it. */
export interface Told {
  readonly reason: Reason;
  readonly facts: { readonly is: 'Told'; readonly message: string };
}

export function told({ reason, message }: Problem): Told {
  return { reason, facts: { is: 'Told', message } };
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** @throws errors that say nothing about inputs, hosts or stores: those of the API, and bugs */
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

/** Why a wave failed; it takes any error. */
export function failureOf(error: unknown): Problem {
  const known = knownProblem(error);
  if (known !== undefined) return known;
  const right = missingRight(error);
  if (right !== undefined) return { reason: 'RightMissing', message: describeMissingRight(right) };
  const message = error instanceof Error ? error.message : String(error);
  return { reason: error instanceof Error && isReason(error.name) ? error.name : 'InternalError', message };
}

function knownProblem(error: unknown): Problem | undefined {
  if (error instanceof InputError || error instanceof HostError || error instanceof BlobError)
    return { reason: error.reason, message: error.message };
  return error instanceof RenderError ? { reason: 'SpecInvalid', message: error.message } : undefined;
}
