/**
 * The stack's objects are older than its host, as after etcd was brought back from a snapshot. What the spec asks for may be
 * long superseded, so nothing is changed until somebody has seen the difference and consents.
 */

import { unknownChange } from '../../host-change.ts';
import { credentialsStage } from './credentials.ts';
import type { PlanInput, Verdict } from '../../model.ts';

/** Consent wakes us; this is for a host that is changed back. */
const lookSeconds = 60;

export function olderStage(input: PlanInput): Verdict | undefined {
  const change = unknownChange(input);
  if (change === undefined) return undefined;
  // Without them nobody can say whether the spec is what runs. They are only read.
  const recovery = credentialsStage(input);
  if (recovery !== undefined) return recovery;
  const { name, namespace } = input.stack.metadata;
  const { hostChange } = input.stack.status ?? {};
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'UpToDate',
    reason: 'StatusOlderThanHost',
    facts: {
      is: 'StatusOlder',
      stack: { name, namespace },
      address: input.stack.spec.host.address,
      change,
      ...(hostChange?.time === undefined ? {} : { known: hostChange.time }),
    },
    stalled: true,
    afterSeconds: lookSeconds,
  };
}
