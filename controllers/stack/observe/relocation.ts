/** Looks at the host that a stack is moved away from, at the backups of the move, and at former hosts that are still to be fenced. */

import { backupKind, type JtelStack } from '../../../crds/index.ts';
import type { Host, HostDriver, HostObservation } from '../../../host-driver/host.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import type { Release } from '../../../release/generated/release.ts';
import { stackIdentity } from '../../stores/backup-identity.ts';
import { readHostTarget } from '../../hosts/host-target.ts';
import { answersAs, samePlace } from '../../hosts/machine.ts';
import { InputError } from '../../inputs/input-error.ts';
import { newestBackup } from './newest-backup.ts';
import { storedLoading, type DataDependencies, type Loading } from './data-source.ts';
import type { Observed } from '../model.ts';
import { answersOf } from '../../hosts/answers.ts';
import { isFormerDue, type AwayFormers } from '../former-pauses.ts';
import { outcome, type Outcome } from '../../inputs/outcome.ts';
import {
  formersToLookAt,
  isEnded,
  isMoving,
  leftNewHost,
  relocationBackups,
  relocationID,
  type DataHost,
  type FormerHost,
  type FormerLook,
  type RelocationLook,
} from '../relocation.ts';
import { optional } from '../../../base/optional.ts';

export interface OtherHostDependencies extends DataDependencies {
  readonly cluster: Cluster;
  readonly driver: HostDriver;
}

export interface RelocationObserved {
  readonly observed: Pick<Observed, 'relocation' | 'formers' | 'home'>;
  /** By machine-id. */
  readonly others: ReadonlyMap<string, Host>;
}

/** A host that is gone must not hold up the stack. */
const otherHostSeconds = 8;

export interface OthersOf {
  readonly stack: JtelStack;
  readonly project: string;
  /** That answers at `spec.host`. */
  readonly machineID?: string;
  readonly now: Date;
  readonly awayFormers?: AwayFormers;
  /** Whose lock was had since the spec changed, by machine-id. */
  readonly quietMachineID?: string;
}

export async function observeOthers(
  { stack, project, machineID, now, awayFormers, quietMachineID }: OthersOf,
  dependencies: OtherHostDependencies,
  options: CallOptions,
): Promise<RelocationObserved> {
  const others = new Map<string, Host>();
  const look = async (place: DataHost | FormerHost): Promise<Outcome<HostObservation>> => {
    const target = await outcome(() =>
      readHostTarget(dependencies.cluster, { ...stack, spec: { ...stack.spec, host: place.host } }, options),
    );
    if (!target.ok) return target;
    const host = dependencies.driver.host(target.value);
    others.set(place.machineID, host);
    const seen = await outcome(() =>
      answersOf(
        place.host.address,
        options.signal,
        otherHostSeconds,
      )((signal) => host.observe(project, 'quick', signal)),
    );
    if (!seen.ok) return seen;
    const { facts } = seen.value;
    if (!answersAs(place.machineID, facts))
      return {
        ok: false,
        reason: 'MachineChanged',
        message: `${place.host.address} is now machine ${facts.machineID}; ${place.machineID} was not reached.`,
      };
    // It had the stack, so it had Docker. As long as that does not answer, nobody knows what runs there.
    if (facts.dockerVersion === undefined && !('left' in place && isEnded(seen.value)))
      return {
        ok: false,
        reason: 'DockerUnavailable',
        message: `no Docker daemon answers on ${place.host.address}, so what runs there is not known.`,
      };
    return seen;
  };
  const left = leftNewHost(stack, machineID);
  const known = formersToLookAt(stack).filter((one) => one.machineID !== left?.machineID);
  const due = [...(left === undefined ? [] : [left]), ...known].filter(
    ({ machineID: former }) => former !== machineID && isFormerDue(awayFormers, former, now),
  );
  const formers: FormerLook[] = await Promise.all(
    due.map(async (former) => ({ former, host: await look(former) })),
  );
  const relocation =
    machineID === undefined || !isMoving(stack, machineID)
      ? undefined
      : await observeRelocation(stack, machineID, now, look, dependencies, options);
  const isQuiet = relocation !== undefined && relocation.from.machineID === quietMachineID;
  const from = machineID === undefined ? homeElsewhere(stack) : undefined;
  const home = from === undefined ? undefined : { from, old: await look(from) };
  return {
    observed: {
      ...(formers.length === 0 ? {} : { formers }),
      ...optional({ home }),
      ...(relocation === undefined ? {} : { relocation: isQuiet ? { ...relocation, isQuiet } : relocation }),
    },
    others,
  };
}

/** A stack that is deleted need not wait for a host to which it never came. */
function homeElsewhere({ metadata, spec, status }: JtelStack): DataHost | undefined {
  const home = status?.dataHost;
  return metadata.deletionTimestamp === undefined || home === undefined || samePlace(home.host, spec.host)
    ? undefined
    : home;
}

async function observeRelocation(
  stack: JtelStack,
  toMachineID: string,
  now: Date,
  look: (place: DataHost) => Promise<Outcome<HostObservation>>,
  dependencies: OtherHostDependencies,
  options: CallOptions,
): Promise<RelocationLook | undefined> {
  const from = stack.status?.dataHost;
  if (from === undefined) return undefined;
  const id = relocationID(stack, toMachineID, now.toISOString());
  const old = await look(from);
  const names = relocationBackups(id);
  const { namespace } = stack.metadata;
  const [warm, final] = await Promise.all(
    [names.warm, names.final].map((name) =>
      dependencies.cluster.find(backupKind, { namespace, name }, options),
    ),
  );
  const begun = stack.status?.relocation?.id === id ? stack.status.relocation : undefined;
  const recovering =
    begun?.source === 'RecoverFromBackup' ||
    (!old.ok && final?.status?.phase !== 'Completed' && stack.spec.relocation.source === 'RecoverFromBackup');
  const newest =
    old.ok && !recovering
      ? undefined
      : await outcome(() =>
          newestBackup(
            stack,
            'RelocationNeedsBackup',
            dependencies,
            options,
            // The choice is kept: a load that was begun goes on with the same backup.
            stack.status?.relocation?.backupID,
          ),
        );
  return {
    id,
    from,
    toMachineID,
    source: recovering ? 'RecoverFromBackup' : 'Migrate',
    old,
    ...optional({ warm, final, newest }),
  };
}

/** What the new host gets: the last backup of the move, or the newest there is. @throws {InputError} {@link BlobError} */
export async function relocationLoading(
  stack: JtelStack,
  look: RelocationLook,
  release: Release,
  dependencies: OtherHostDependencies,
  options: CallOptions,
): Promise<Loading> {
  const { backup } = stack.spec;
  if (backup === undefined)
    throw new InputError(
      'RelocationNeedsBackup',
      `Moving stack ${stack.metadata.name} to another host takes its data there by a backup: add spec.backup.`,
    );
  const chosen =
    look.source === 'RecoverFromBackup'
      ? idOf(look.newest)
      : look.final?.status?.phase === 'Completed'
        ? look.final.status.backupID
        : undefined;
  if (chosen === undefined) throw new InputError('NotChecked', 'The backup that is moved is not made yet.');
  return await storedLoading(
    stack,
    backup.storeRef.name,
    stackIdentity(stack),
    chosen,
    release,
    dependencies,
    options,
  );
}

function idOf(newest: RelocationLook['newest']): string | undefined {
  if (newest?.ok === false) throw new InputError(newest.reason, newest.message);
  return newest?.value.backupID;
}
