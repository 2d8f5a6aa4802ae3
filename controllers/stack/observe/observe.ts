/**
 * Looks at everything that planning needs – change log, inputs of each candidate, host – in parallel, bounded in time, without a
 * side effect. What cannot be read becomes an outcome with a reason, never an exception: a stack whose store is away is still
 * shown with its host. What the data come from is looked at afterwards (`data.ts`), when it is known which spec holds.
 */

import {
  backupKind,
  restoreKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import type { Host, HostDriver, HostObservation, JobReport } from '../../../host-driver/host.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { answersOf } from '../../hosts/answers.ts';
import { readHostTarget } from '../../hosts/host-target.ts';
import { recognise } from '../../hosts/machine.ts';
import { outcome, type Outcome } from '../../inputs/outcome.ts';
import type { ReleaseDependencies } from '../../inputs/stack-release.ts';
import { candidateStacks, type CandidateInputs } from '../desired/candidates.ts';
import { revisionsWith, type Revisions } from '../desired/revisions.ts';
import { rollbackBackup } from '../desired/rollback.ts';
import type { Observed } from '../model.ts';
import { jobToRead, observeOrders, type Orders, type RestoreDependencies } from './orders.ts';
import type { DataDependencies } from './data-source.ts';
import { readInputs } from './inputs.ts';
import type { AwayFormers } from '../former-pauses.ts';
import { observeOthers, type RelocationObserved } from './relocation.ts';
import { openBackups } from './open-backups.ts';
import { listRevisions } from './revisions.ts';
import { optional } from '../../../base/optional.ts';

export interface ObserveDependencies extends ReleaseDependencies, DataDependencies, RestoreDependencies {
  readonly driver: HostDriver;
}

/** What to look at, and how closely. */
export interface Target {
  readonly stack: JtelStack;
  readonly project: string;
  readonly depth: 'quick' | 'full';
  readonly now: Date;
  /** Former hosts that do not answer, with the times when they are due. */
  readonly awayFormers?: AwayFormers;
  readonly quietMachineID?: string;
}

export interface Seen {
  readonly observed: Observed;
  readonly inputs: readonly [CandidateInputs, ...CandidateInputs[]];
  /** SSH key and the like, by which the host is reached. */
  readonly target: Outcome<unknown>;
  readonly orders: Orders;
  readonly host?: Host;
  /** Former hosts and the one that the stack is moved away from, by machine-id. */
  readonly others: ReadonlyMap<string, Host>;
}

const spareTimeoutSeconds = 8;

export async function observe(
  looking: Target,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Seen> {
  const orders = await observeOrders(looking.stack, dependencies, options);
  // The host is the slowest, so nothing is waited for before it is asked.
  const [host, { revisions, inputs, asked }, backups] = await Promise.all([
    observeHost(looking, orders, dependencies, options),
    readWanted(looking, dependencies, options),
    openBackups(dependencies.cluster, looking.stack, options),
  ]);
  const { relocation } = host.others.observed;
  return {
    observed: {
      host: host.observation,
      bringsData: orders.order !== undefined || relocation !== undefined,
      ...optional({ revisions, load: host.load, openBackups: backups }),
      ...asked,
      ...host.others.observed,
    },
    inputs,
    target: host.target,
    orders,
    ...optional({ host: host.host }),
    others: host.others.others,
  };
}

/** The change log, and what follows from it: inputs of the specs that the stack can be held to, and what a change asked for. */
async function readWanted(
  { stack, project, now }: Target,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Pick<Seen, 'inputs'> & { readonly revisions: Revisions | undefined; readonly asked: AskedFor }> {
  const revisions = await readRevisions(stack, now, dependencies.cluster, options);
  const [first, ...others] = candidateStacks(stack, revisions);
  const [wanted, former, asked] = await Promise.all([
    readInputs(first, project, dependencies, options),
    Promise.all(others.map((one) => readFormer(one, project, dependencies, options))),
    revisions === undefined ? {} : askedFor(dependencies.cluster, stack, revisions, options),
  ]);
  return { revisions, inputs: [wanted, ...former.filter((one) => one !== undefined)], asked };
}

/**
 * What the last good spec needs, for the case that the present one cannot be begun. That is a spare: it must neither hold a look
 * up for long, nor fail it. The store that somebody just moved away from may be gone.
 */
async function readFormer(
  former: JtelStack,
  project: string,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<CandidateInputs | undefined> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(spareTimeoutSeconds * 1000)]);
  try {
    return await readInputs(former, project, dependencies, { ...options, signal });
  } catch (error) {
    if (options.signal.aborted) throw error;
    return undefined;
  }
}

async function readRevisions(
  stack: JtelStack,
  now: Date,
  cluster: Cluster,
  options: CallOptions,
): Promise<Revisions | undefined> {
  if (stack.metadata.deletionTimestamp !== undefined) return undefined;
  return revisionsWith(stack, await listRevisions(cluster, stack, options), now);
}

interface AskedFor {
  readonly updateBackup?: JtelBackup;
  readonly wayBack?: JtelRestore;
}

/** The backup and the restore that a change asked for, while they matter. */
async function askedFor(
  cluster: Cluster,
  stack: JtelStack,
  revisions: Revisions,
  options: CallOptions,
): Promise<AskedFor> {
  const { namespace } = stack.metadata;
  const { attempt, outcome: ended } = revisions.current;
  const backupName =
    (ended === undefined ? attempt?.backupRef : undefined) ??
    rollbackBackup(revisions, stack.status?.rollback);
  const restoreName = ended?.result === 'RollingBack' ? ended.restoreRef : undefined;
  const [updateBackup, wayBack] = await Promise.all([
    backupName === undefined ? undefined : cluster.find(backupKind, { namespace, name: backupName }, options),
    restoreName === undefined
      ? undefined
      : cluster.find(restoreKind, { namespace, name: restoreName }, options),
  ]);
  return optional({ updateBackup, wayBack });
}

interface HostLook {
  readonly target: Outcome<unknown>;
  readonly observation: Outcome<HostObservation>;
  readonly load?: JobReport;
  readonly host?: Host;
  readonly others: RelocationObserved;
}

async function observeHost(
  { stack, project, depth, now, awayFormers, quietMachineID }: Target,
  orders: Orders,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<HostLook> {
  const { cluster, driver } = dependencies;
  const target = await outcome(() => readHostTarget(cluster, stack, options));
  if (!target.ok)
    return {
      target,
      observation: { ok: false, reason: 'NotChecked', message: target.message },
      others: { observed: {}, others: new Map() },
    };
  const host = driver.host(target.value);
  const { address } = stack.spec.host;
  const ask = answersOf(address, options.signal);
  const observation = await outcome(() =>
    ask(async (signal) => recognise(stack, stack.spec.host, await host.observe(project, depth, signal))),
  );
  const machineID = observation.ok ? observation.value.facts.machineID : undefined;
  const others = await observeOthers(
    { stack, project, now, ...optional({ machineID, awayFormers, quietMachineID }) },
    dependencies,
    options,
  );
  const uid = jobToRead(
    stack,
    orders,
    observation.ok ? observation.value : undefined,
    others.observed.relocation?.id,
  );
  if (!observation.ok || !observation.value.jobs.some((job) => job.uid === uid))
    return { target, observation, host, others };
  const load = await outcome(() => ask((signal) => host.readJob(uid, signal)));
  if (!load.ok) return { target, observation: load, host, others };
  return { target, observation, host, others, ...optional({ load: load.value }) };
}
