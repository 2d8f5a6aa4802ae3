/**
 * The Secret with a stack's generated credentials is gone or incomplete while its data exist: new ones might not fit them. What
 * the host runs with is read back instead, and if that cannot be done it is waited for whoever has a copy.
 */

import { areCredentialsLost } from '../../desired/lost-credentials.ts';
import type { PlanInput, Verdict } from '../../model.ts';
import { act } from './act.ts';
import { holdMove } from './relocation.ts';

export function credentialsStage(input: PlanInput): Verdict | undefined {
  const { missingCredentials } = input;
  if (missingCredentials === undefined || !input.observed.host.ok || !areCredentialsLost(input))
    return undefined;
  const recover = {
    type: 'RecoverCredentials',
    request: missingCredentials,
    cause: missingCredentials.lacks === 'Secret' ? 'CredentialsLost' : 'CredentialsMissing',
  } as const;
  const { relocation } = input.observed;
  // The new host knows nothing; the old one has them.
  if (relocation !== undefined) {
    if (!relocation.old.ok) return holdMove(input, relocation);
    const { machineID } = relocation.from;
    return {
      kind: 'Act',
      step: 'Credentials',
      wave: [{ ...recover, machineID }],
      facts: { is: 'RecoveringCredentials' },
    };
  }
  return act(input, 'Credentials', [recover], { is: 'RecoveringCredentials' });
}
