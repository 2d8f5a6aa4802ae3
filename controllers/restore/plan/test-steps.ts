/** What the plans of a test restore are made of; pure. */

import type { Action, Plan } from './actions.ts';
import type { TestResult } from './findings.ts';

/** Between looks at what runs on the host. */
export const lookSeconds = 3;

export function note(result: 'Passed' | 'Failed', facts: TestResult): Plan {
  return { kind: 'Note', phase: 'Starting', result, facts };
}

export function act(phase: Extract<Plan, { kind: 'Act' }>['phase'], actions: readonly Action[]): Plan {
  return { kind: 'Act', phase, wave: [{ type: 'ClaimHost', cause: 'ActsOnHost' }, ...actions] };
}
