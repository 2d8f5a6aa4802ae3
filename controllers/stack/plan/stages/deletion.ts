/** What happens to a host when its JtelStack is deleted. Stored backups are never touched, whatever the policy. */

import { annotations, type Reason } from '../../../../crds/index.ts';
import { pauseWhileAway } from '../../../hosts/away.ts';
import type { Action } from '../../actions.ts';
import type { Facts, LifeFacts } from '../../findings.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import { act } from './act.ts';
import { isOurs } from './host.ts';

export function planDeletion(input: PlanInput): Verdict {
  const { stack, secrets, observed, identity, now, awaySince } = input;
  const letGo: readonly Action[] = [{ type: 'ReleaseFinalizer', cause: 'StackDeleted' }];
  const { name, namespace, uid } = stack.metadata;
  const gone = (because: Extract<LifeFacts, { is: 'LettingGo' }>['because']): Verdict => ({
    kind: 'Act',
    step: 'Delete',
    wave: letGo,
    facts: { is: 'LettingGo', because },
  });
  const { deletionPolicy } = stack.spec;
  const given = stack.metadata.annotations ?? {};
  if (given[annotations.cleanedUp] === uid) return gone('CleanedUp');
  if (deletionPolicy === 'Orphan') return gone('Orphan');
  if (given[annotations.abandonHost] === 'true') return gone('Abandoned');
  if (deletionPolicy === 'Destroy' && given[annotations.confirmDestroy] !== uid)
    return blocked('DeletionBlocked', { is: 'DestroyNeedsConsent', stack: { name, namespace }, uid });
  if (!observed.host.ok) {
    const { reason, message } = observed.host;
    const facts: Facts = {
      is: 'CannotCleanUp',
      message,
      secretGone: !secrets.ok && secrets.reason === 'SecretNotFound',
      stack: { name, namespace },
      address: stack.spec.host.address,
    };
    return blocked(reason, facts, pauseWhileAway(reason, stack, now, awaySince));
  }
  const { state } = observed.host.value;
  // Nothing of ours there: nothing to clean up. Somebody else's: not ours to clean up.
  if (state === undefined || !isOurs(state, stack, identity.clusterID)) return gone('NothingThere');
  if (deletionPolicy === 'Stop')
    return act(input, 'Delete', [{ type: 'StopStack', cause: 'StackDeleted' }, ...letGo], {
      is: 'StoppingStack',
    });
  return act(
    input,
    'Delete',
    [
      // The host's record goes last: a process that ends in between would find nothing there, and leave the Secret.
      { type: 'RemoveCredentials', cause: 'StackDeleted' },
      { type: 'DestroyStack', cause: 'StackDeleted' },
      ...letGo,
    ],
    { is: 'DestroyingStack' },
  );
}

function blocked(reason: Reason, facts: Facts, afterSeconds = 60): Verdict {
  return {
    kind: 'Blocked',
    step: 'Delete',
    condition: 'Ready',
    reason,
    facts,
    stalled: false,
    afterSeconds,
  };
}
