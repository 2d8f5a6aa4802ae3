/** Failures of inputs as judgements: one who may not read a Secret has found nothing wrong with it. */
import { problemOf } from '../controllers/inputs/outcome.ts';
import { isForbidden } from '../runtime/client/api-error.ts';
import { failed, skipped, type Judgement } from './finding.ts';

/**
 * @param next what to do about anything but a refused right
 * @throws the error itself if it says nothing about inputs, hosts or stores
 */
export function judgeTrouble(error: unknown, next: string): Judgement {
  const refused = refusedRight(error);
  if (refused !== undefined) return refused;
  return failed(problemOf(error).message, next);
}

/** Undefined if it is not about a right of whoever asks. */
function refusedRight(error: unknown): Judgement | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const denial = isForbidden(error) ? error : isForbidden(cause) ? cause : undefined;
  return denial === undefined
    ? undefined
    : skipped(
        `The API server lets you not ask (${denial.message}).`,
        'Ask for get on secrets in the namespace, or let somebody ask who has it.',
      );
}
