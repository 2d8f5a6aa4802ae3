/**
 * The Secret with a stack's generated credentials is gone while its data exist: new ones would not fit them. What the host
 * runs with is read back instead, and if that cannot be done it is waited for whoever has a copy.
 */

import { areCredentialsLost } from '../../desired/lost-credentials.ts';
import type { PlanInput, Verdict } from '../../model.ts';
import { act } from './act.ts';

export function credentialsStage(input: PlanInput): Verdict | undefined {
  const { missingCredentials } = input;
  if (missingCredentials === undefined || !input.observed.host.ok || !areCredentialsLost(input))
    return undefined;
  return act(
    input,
    'Credentials',
    [{ type: 'RecoverCredentials', request: missingCredentials, cause: 'CredentialsLost' }],
    { is: 'RecoveringCredentials' },
  );
}
