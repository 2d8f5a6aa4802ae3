/** What happens to a host when its JtelStack is deleted. Stored backups are never touched, whatever the policy. */

import { annotations, type Reason } from '../../../../crds/index.ts';
import type { Action } from '../../actions.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import { act } from './act.ts';
import { isOurs } from './host.ts';

export function planDeletion(input: PlanInput): Verdict {
  const { stack, secrets, observed, identity } = input;
  const letGo: readonly Action[] = [{ type: 'ReleaseFinalizer' }];
  const { deletionPolicy } = stack.spec;
  const given = stack.metadata.annotations ?? {};
  if (given[annotations.cleanedUp] === stack.metadata.uid)
    return {
      kind: 'Act',
      step: 'Delete',
      wave: letGo,
      message: 'letting the object go: its host was dealt with',
    };
  if (deletionPolicy === 'Orphan')
    return { kind: 'Act', step: 'Delete', wave: letGo, message: 'letting the stack go: it keeps running' };
  if (given[annotations.abandonHost] === 'true') {
    return { kind: 'Act', step: 'Delete', wave: letGo, message: 'letting an abandoned host go' };
  }
  if (deletionPolicy === 'Destroy' && given[annotations.confirmDestroy] !== stack.metadata.uid) {
    return blocked(
      'DeletionBlocked',
      `Destroying the stack needs consent: kubectl annotate jtelstack ${stack.metadata.name} -n ${stack.metadata.namespace} ` +
        `${annotations.confirmDestroy}=${stack.metadata.uid}, or set spec.deletionPolicy to Orphan or Stop.`,
    );
  }
  if (!observed.host.ok) {
    return blocked(
      observed.host.reason,
      `The host cannot be cleaned up: ${observed.host.message.replace(/\.?$/, '.')}${inNamespace(secrets)} To let the object go without that: ` +
        `kubectl annotate jtelstack ${stack.metadata.name} -n ${stack.metadata.namespace} ${annotations.abandonHost}=true; what runs on ${stack.spec.host.address} runs on then, until it is stopped there.`,
    );
  }
  const { state } = observed.host.value;
  // Nothing of ours there: nothing to clean up. Somebody else's: not ours to clean up.
  if (state === undefined || !isOurs(state, stack, identity.clusterID))
    return { kind: 'Act', step: 'Delete', wave: letGo, message: 'nothing of this stack is on the host' };
  if (deletionPolicy === 'Stop')
    return act(input, 'Delete', [{ type: 'StopStack' }, ...letGo], 'stopping the stack');
  return act(
    input,
    'Delete',
    [{ type: 'DestroyStack' }, { type: 'RemoveCredentials' }, ...letGo],
    'destroying the stack',
  );
}

/** A Secret cannot be made again in a namespace that is being deleted. */
function inNamespace(secrets: PlanInput['secrets']): string {
  return !secrets.ok && secrets.reason === 'SecretNotFound'
    ? ' If the namespace is being deleted, that cannot be done any more.'
    : '';
}

function blocked(reason: Reason, message: string): Verdict {
  return {
    kind: 'Blocked',
    step: 'Delete',
    condition: 'Ready',
    reason,
    message,
    stalled: false,
    afterSeconds: 60,
  };
}
