/** What happens to a host when its JtelStack is deleted. Stored backups are never touched, whatever the policy. */

import { annotations, type Reason } from '../../../../crds/index.ts';
import { pauseWhileAway } from '../../../hosts/away.ts';
import type { Action } from '../../actions.ts';
import type { Facts, LifeFacts } from '../../findings.ts';
import type { HostObservation, ObservedJob } from '../../../../host-driver/host.ts';
import type { Outcome } from '../../../inputs/outcome.ts';
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
  if (given[annotations.abandonHost] === 'true') return gone('Abandoned');
  if (deletionPolicy === 'Destroy' && given[annotations.confirmDestroy] !== uid)
    return blocked('DeletionBlocked', { is: 'DestroyNeedsConsent', stack: { name, namespace }, uid });
  const { host, relocation, openBackups = [] } = observed;
  // A job that one of them starts would stay on the host: with the stack goes the way to it.
  if (openBackups.length > 0)
    return {
      kind: 'Wait',
      step: 'Delete',
      reason: 'Deleting',
      facts: { is: 'EndingBackups', backups: openBackups },
      afterSeconds: 2,
    };
  // Nothing of ours there: nothing to clean up. Somebody else's: not ours to clean up.
  const ours = (seen: Outcome<HostObservation> | undefined): HostObservation | undefined =>
    seen?.ok === true && seen.value.state !== undefined && isOurs(seen.value.state, stack, identity.clusterID)
      ? seen.value
      : undefined;
  const [here, former] = [ours(host), ours(relocation?.old)];
  const machineID = relocation?.from.machineID ?? '';
  // A host that is not ours, or not yet, is not claimed either.
  const order = (wave: readonly Action[], facts: LifeFacts): Verdict =>
    here === undefined ? { kind: 'Act', step: 'Delete', wave, facts } : act(input, 'Delete', wave, facts);
  const removal = (which: (job: ObservedJob) => boolean): readonly Action[] => [
    ...removeJobs(former, which, { machineID }),
    ...removeJobs(here, which),
  ];
  if (deletionPolicy === 'Orphan') {
    // A host that is away keeps them: nobody waits for it to let a stack run on.
    const backups = removal(({ type }) => type === 'backup');
    return backups.length === 0
      ? gone('Orphan')
      : order([...backups, ...letGo], { is: 'LettingGo', because: 'Orphan' });
  }
  // Amid a move, the data are still where the stack came from, and it may run there. Unless that host was given up, it is needed.
  const needed = relocation?.source === 'Migrate' ? relocation.old : undefined;
  const away = !host.ok ? host : needed?.ok === false ? needed : undefined;
  if (away !== undefined) {
    const { reason, message } = away;
    const facts: Facts = {
      is: 'CannotCleanUp',
      message,
      secretGone: !secrets.ok && secrets.reason === 'SecretNotFound',
      stack: { name, namespace },
      address: (away === host ? stack.spec.host : relocation?.from.host)?.address ?? '',
    };
    return blocked(reason, facts, pauseWhileAway(reason, stack, now, awaySince));
  }
  if (deletionPolicy === 'Stop') {
    const work: Action[] = [];
    if (former !== undefined && mayRun(former))
      work.push({ type: 'StopFormer', machineID, keep: [], cause: 'StackDeleted' });
    if (here !== undefined && mayRun(here)) work.push({ type: 'StopStack', cause: 'StackDeleted' });
    work.push(...removal(() => true));
    if (work.length === 0) return gone('NothingThere');
    return order([...work, ...letGo], { is: 'StoppingStack' });
  }
  if (here === undefined && former === undefined) return gone('NothingThere');
  return order(
    [
      // The host's record goes last: a process that ends in between would find nothing there, and leave the Secret.
      { type: 'RemoveCredentials', cause: 'StackDeleted' },
      ...(former === undefined ? [] : [{ type: 'DestroyFormer', machineID, cause: 'StackDeleted' } as const]),
      ...(here === undefined ? [] : [{ type: 'DestroyStack', cause: 'StackDeleted' } as const]),
      ...letGo,
    ],
    { is: 'DestroyingStack' },
  );
}

/** Whoever asked for them is gone, or goes on elsewhere. */
function removeJobs(
  seen: HostObservation | undefined,
  which: (job: ObservedJob) => boolean,
  at: { readonly machineID?: string } = {},
): readonly Action[] {
  const jobs = (seen?.jobs ?? []).filter(which);
  return jobs.map(({ uid }) => ({ type: 'RemoveJob', uid, cause: 'StackDeleted', ...at }));
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
