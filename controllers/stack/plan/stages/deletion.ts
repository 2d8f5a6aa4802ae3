/** What happens to hosts when their JtelStack is deleted. Stored backups are never touched, whatever the policy. */

import { annotations, type Reason } from '../../../../crds/index.ts';
import { pauseWhileAway } from '../../../hosts/away.ts';
import type { Action } from '../../actions.ts';
import type { Facts, LifeFacts } from '../../findings.ts';
import type { HostObservation } from '../../../../host-driver/host.ts';
import { isUp } from '../../../hosts/health.ts';
import type { Outcome, Problem } from '../../../inputs/outcome.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import { act } from './act.ts';
import { isOurs } from './host.ts';
import { isOnlyClaimed } from '../../relocation.ts';
import { leftStage } from './relocation.ts';
import { optional } from '../../../../base/optional.ts';

export function planDeletion(input: PlanInput): Verdict {
  const { stack, secrets, now, awaySince } = input;
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
  if (given[annotations.abandonHost] === 'true') return gone('Abandoned');
  if (deletionPolicy === 'Destroy' && given[annotations.confirmDestroy] !== uid)
    return blocked('DeletionBlocked', { is: 'DestroyNeedsConsent', stack: { name, namespace }, uid });
  const { openBackups = [] } = input.observed;
  // A job that one of them starts would stay on the host: with the stack goes the way to it.
  if (openBackups.length > 0)
    return {
      kind: 'Wait',
      step: 'Delete',
      reason: 'Deleting',
      facts: { is: 'EndingBackups', backups: openBackups },
      afterSeconds: 2,
    };
  const { here, old, away } = placesOf(input);
  // A host that is not ours, or not yet, is not claimed either.
  const order = (wave: readonly Action[], facts: LifeFacts): Verdict =>
    here === undefined ? { kind: 'Act', step: 'Delete', wave, facts } : act(input, 'Delete', wave, facts);
  const removal: readonly Action[] = [
    ...(old === undefined ? [] : removeJobs(old.seen, { machineID: old.machineID })),
    ...removeJobs(here),
  ];
  if (deletionPolicy === 'Orphan') {
    // Who would take in what they load or store? A host that is away keeps them: nobody waits for it to let a stack run on.
    return removal.length === 0
      ? gone('Orphan')
      : order([...removal, ...letGo], { is: 'LettingGo', because: 'Orphan' });
  }
  // Who was given up and answers after all is ended as well, and would not be known any more afterwards. It is not waited for.
  const returned = leftStage(input);
  if (returned !== undefined) return returned;
  const stops = deletionPolicy === 'Stop';
  // While a host is waited for, it is done where it can be. The object stays, as the only record of the other one.
  const isDue = (seen: HostObservation | undefined): boolean =>
    seen !== undefined && (!stops || (away === undefined ? mayRun(seen) : seen.containers.some(isUp)));
  const work: Action[] = [];
  if (old !== undefined && isDue(old.seen)) {
    const { machineID } = old;
    work.push(
      stops
        ? { type: 'StopFormer', machineID, keep: [], cause: 'StackDeleted' }
        : { type: 'DestroyFormer', machineID, cause: 'StackDeleted' },
    );
  }
  if (isDue(here)) work.push({ type: stops ? 'StopStack' : 'DestroyStack', cause: 'StackDeleted' });
  // After the data: what cannot be removed from a host that was only claimed must not keep them there.
  work.push(...(stops ? removal : claimsOf(input)));
  if (work.length === 0) {
    if (away === undefined) return gone('NothingThere');
    const { reason, message, address } = away;
    const facts: Facts = {
      is: 'CannotCleanUp',
      message,
      secretGone: !secrets.ok && secrets.reason === 'SecretNotFound',
      stack: { name, namespace },
      address,
      ...optional({ done: away.done }),
    };
    return blocked(reason, facts, pauseWhileAway(reason, stack, now, awaySince));
  }
  const wave: readonly Action[] = [
    // The host's record goes last: a process that ends in between would find nothing there, and leave the Secret.
    ...(stops ? [] : [{ type: 'RemoveCredentials', cause: 'StackDeleted' } as const]),
    ...work,
    ...(away === undefined ? letGo : []),
  ];
  return order(wave, { is: stops ? 'StoppingStack' : 'DestroyingStack' });
}

interface Places {
  /** What is ours at `spec.host`, and on the host that the data are on amid a move. */
  readonly here?: HostObservation;
  readonly old?: { readonly machineID: string; readonly seen: HostObservation };
  /** Who is waited for. @property done address of the other one, if that answers */
  readonly away?: Problem & { readonly address: string; readonly done?: string };
}

/**
 * Where the policy counts. Amid a move, the data are still where the stack came from, and it may run there. Unless that host was
 * given up, it is needed. The other one is not needed if it never answered: nothing can have begun there.
 */
function placesOf({ stack, observed, identity }: PlanInput): Places {
  const { host, relocation, home } = observed;
  const move = relocation ?? home;
  const { address } = stack.spec.host;
  const from = move?.from.host.address;
  // Nothing of ours there: nothing to clean up. Somebody else's: not ours to clean up.
  const ours = (seen: Outcome<HostObservation> | undefined): HostObservation | undefined =>
    seen?.ok === true && seen.value.state !== undefined && isOurs(seen.value.state, stack, identity.clusterID)
      ? seen.value
      : undefined;
  const [here, seen] = [ours(host), ours(move?.old)];
  const isHereNeeded = home?.old.ok !== true || stack.status?.host?.address === address;
  const isOldNeeded = relocation?.source !== 'RecoverFromBackup';
  const away =
    !host.ok && isHereNeeded
      ? { ...host, address, ...(move?.old.ok === true ? optional({ done: from }) : {}) }
      : move?.old.ok === false && isOldNeeded
        ? { ...move.old, address: from ?? '', ...(host.ok ? { done: address } : {}) }
        : undefined;
  return {
    ...optional({ here, away }),
    ...(seen === undefined || move === undefined ? {} : { old: { machineID: move.from.machineID, seen } }),
  };
}

/** Whoever asked for them is gone, or goes on elsewhere. */
function removeJobs(
  seen: HostObservation | undefined,
  at: { readonly machineID?: string } = {},
): readonly Action[] {
  return (seen?.jobs ?? []).map(({ uid }) => ({ type: 'RemoveJob', uid, cause: 'StackDeleted', ...at }));
}

/** What is left of hosts that were named and left again. One that is away is not waited for. */
function claimsOf({ stack, observed, identity }: PlanInput): readonly Action[] {
  return (observed.formers ?? [])
    .filter(
      ({ host }) =>
        host.ok &&
        isOnlyClaimed(host.value) &&
        host.value.state !== undefined &&
        isOurs(host.value.state, stack, identity.clusterID),
    )
    .map(({ former: { machineID } }) => ({ type: 'DestroyFormer', machineID, cause: 'StackDeleted' }));
}

/** Where nothing was ever started, Docker may not even be installed. A Docker that is down shows no containers. */
function mayRun({ containers, releases, state }: HostObservation): boolean {
  return containers.length > 0 || releases.length > 0 || state?.applied !== undefined;
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
