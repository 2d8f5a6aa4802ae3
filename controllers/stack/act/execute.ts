/**
 * How each action is done. Every executor is idempotent ("already so" is success) and leaves its trace where the next
 * observation finds it; none keeps anything in memory.
 */

import type { JtelStack } from '../../../crds/index.ts';
import type { ClaimedOther } from './live-checks.ts';
import { HostError, type Fence, type Host, type PullProgress } from '../../../host-driver/host.ts';
import type { SwitchedVolumes } from '../../../host-driver/volumes.ts';
import type { Cluster } from '../../../runtime/client/cluster.ts';
import type { Action, ActionType } from '../actions.ts';
import { askForBackup } from '../../stores/ask-for-backup.ts';
import { askForWayBack } from './ask-for-way-back.ts';
import { credentialsName } from '../../inputs/credential-secret.ts';
import type { CredentialStore } from '../../inputs/credentials.ts';
import { credentialsLost, recoverCredentials } from '../../inputs/recovered-credentials.ts';
import { mustBeOnHost } from '../desired/lost-credentials.ts';
import type { BesideVolumes, Desired } from '../model.ts';
import type { Inputs } from './inputs.ts';
import type { LoadPurpose } from './load-job.ts';
import type { Look } from '../look.ts';
import type { Facts } from '../findings.ts';
import type {
  RecordedStep,
  Revision,
  RevisionNote,
  RevisionOutcome,
  Revisions,
} from '../desired/revisions.ts';
import { noteOnRevision, recordRevision, removeRevisions } from './revisions.ts';
import { optional } from '../../../base/optional.ts';

export interface Progress {
  readonly message: string;
  readonly percent?: number;
  /** What the wave does now. */
  readonly action?: ActionType;
}

export interface ExecutionContext {
  readonly stack: JtelStack;
  readonly project: string;
  readonly look: Look;
  readonly credentials: CredentialStore;
  /** Takes the host with a new epoch, which was noted in the status under optimistic lock before. */
  readonly claim: (host: Host) => Promise<void>;
  /** The fence under which this process holds the host; throws when it does not. */
  readonly fence: () => Fence;
  readonly letGo: () => Promise<void>;
  /** Takes another machine of the stack: a former host, or the one that it is moved away from. */
  readonly claimOther: (machineID: string) => Promise<ClaimedOther>;
  /** Throws when that JtelRestore is gone, has ended or is being deleted by now. */
  readonly confirmOrder: (name: string, requestUID: string) => Promise<void>;
  readonly cluster: Cluster;
  /** The words for what is kept with a revision or on the host. */
  readonly say: (facts: Facts) => string;
  /** Makes an event of how a change ended. */
  readonly recordOutcome: (revision: Revision, outcome: RevisionOutcome) => void;
  /** Makes an event of the end of a service's log. */
  readonly recordLog: (service: string, lines: string, file: string) => void;
  readonly progress: (progress: Progress) => void;
  /** Of the change so far; noted on its revision with what else is noted there. */
  readonly steps?: readonly RecordedStep[];
  readonly signal: AbortSignal;
}

/** `Unchanged`: everything was as it should be already, so there is nothing to tell. */
export type ActionOutcome = 'Unchanged' | void;
type Executor<T extends ActionType> = (
  action: Extract<Action, { type: T }>,
  context: ExecutionContext,
) => Promise<ActionOutcome>;
type Executors = { readonly [T in ActionType]: Executor<T> };

/** Kept on the host, in its state.json. */
const longestRefusal = 900;

const executors: Executors = {
  EnsureCredentials: (action, { credentials, stack, signal }) => credentials.ensure(stack, action, signal),
  RecoverCredentials: async ({ request, machineID }, context) => {
    const { project, stack, look, credentials, signal } = context;
    const { host, fence } =
      machineID === undefined
        ? { host: hostOf(context), fence: context.fence() }
        : await context.claimOther(machineID);
    const { namespace, name } = stack.metadata;
    const { fqdn } = stack.spec.network;
    const of = { project, secretName: `${namespace}/${credentialsName(name)}`, fqdn };
    const deployed = await host.readDeployed(project, fence, signal).catch((error: unknown) => {
      // It will say the same next time: only a person can help.
      throw error instanceof HostError && error.reason === 'HostStateInvalid'
        ? credentialsLost(of.secretName, request, error.message)
        : error;
    });
    const needed = mustBeOnHost(request, look);
    const recovered = recoverCredentials(of, request, needed, deployed);
    await credentials.ensure(stack, request, signal, recovered);
    // They are new ones of an update.
    return Object.keys(recovered.data).length === 0 ? 'Unchanged' : undefined;
  },
  ClaimHost: (_, context) => context.claim(hostOf(context)),
  SetUpHost: (_, context) =>
    hostOf(context).setUp(context.project, desired(context).setup, context.fence(), context.signal),
  WriteRelease: (_, context) =>
    hostOf(context).writeRelease(context.project, desired(context).release, context.fence(), context.signal),
  PullImages: async (_, context) => {
    const { images } = desired(context).release;
    const { pullCredentials } = inputs(context);
    let bytes = 0;
    const onProgress = (pulled: PullProgress): void => {
      bytes = pulled.bytesTotal;
      context.progress(describePull(pulled));
    };
    await hostOf(context).pull(images, pullCredentials, onProgress, context.signal);
    return bytes === 0 ? 'Unchanged' : undefined;
  },
  StartDatabase: (action, context) =>
    hostOf(context).composeUp(
      context.project,
      desired(context).release,
      action.services,
      context.fence(),
      context.signal,
    ),
  ConfirmOrder: (action, context) => context.confirmOrder(action.name, action.requestUID),
  CreateMoveBackup: ({ name }, context) => requestBackup(name, 'Relocation', context),
  StopFormer: async (action, context) => {
    const { host, fence } = await context.claimOther(action.machineID);
    await host.composeStop(context.project, fence, context.signal, action.keep);
  },
  FenceFormer: async (action, context) => {
    const { host, fence, jobs } = await context.claimOther(action.machineID);
    await host.markMoved(context.project, { address: action.address }, fence, context.signal);
    // After the mark: a job that cannot be removed must not keep the stack running there.
    for (const { uid } of jobs) await host.removeJob(uid, fence, context.signal);
  },
  UnmarkMoved: async (_, context) => {
    await hostOf(context).markMoved(context.project, undefined, context.fence(), context.signal);
  },
  StartCheck: (_, context) => startLoad(context, 'Check', undefined),
  StartLoad: ({ volumes }, context) => startLoad(context, 'Restore', volumes),
  StartImport: ({ phase }, context) => startLoad(context, phase, undefined),
  StartBeside: async (_, context) => {
    const { project, volumes } = beside(context);
    const { release, rendered } = await inputs(context).renderBeside(context.signal);
    const host = hostOf(context);
    await host.claim(project, context.fence(), context.signal);
    await host.createVolumes(context.project, Object.values(volumes), context.fence(), context.signal);
    await host.writeRelease(project, rendered.rendered, context.fence(), context.signal);
    await host.composeUp(
      project,
      rendered.rendered,
      [release.database.component],
      context.fence(),
      context.signal,
    );
  },
  StartCount: async (_, context) => {
    await hostOf(context).startJob(
      context.project,
      inputs(context).countJob(),
      context.fence(),
      context.signal,
    );
  },
  RemoveBeside: ({ project }, context) => hostOf(context).destroy(project, context.fence(), context.signal),
  SwitchVolumes: async (action, context) => {
    await hostOf(context).record(
      context.project,
      { switch: action.switch, carriedOut: action.carriedOut },
      context.fence(),
      context.signal,
    );
  },
  RefuseData: async (action, context) => {
    const { requestUID, why } = action;
    const refuse = {
      requestUID,
      reason: why.reason,
      message: context.say(why.facts).slice(0, longestRefusal),
    };
    await hostOf(context).record(context.project, { refuse }, context.fence(), context.signal);
  },
  MeasurePrevious: async ({ volumes }, context) => {
    const host = hostOf(context);
    const bytes = await host.measureVolumes(context.project, volumes, context.fence(), context.signal);
    await host.record(
      context.project,
      { previous: bytes === undefined ? {} : { bytes } },
      context.fence(),
      context.signal,
    );
  },
  ForgetPrevious: async (_, context) => {
    await hostOf(context).record(context.project, { previous: null }, context.fence(), context.signal);
  },
  PruneVolumes: (_, context) =>
    hostOf(context).pruneVolumes(context.project, context.fence(), context.signal),
  RecordData: async (action, context) => {
    const { data, carriedOut } = action;
    await hostOf(context).record(
      context.project,
      { data, ...optional({ carriedOut }) },
      context.fence(),
      context.signal,
    );
  },
  ForgetData: async (_, context) => {
    await hostOf(context).record(context.project, { data: null }, context.fence(), context.signal);
  },
  RemoveJob: async ({ uid, machineID }, context) => {
    const { host, fence } =
      machineID === undefined
        ? { host: hostOf(context), fence: context.fence() }
        : await context.claimOther(machineID);
    await host.removeJob(uid, fence, context.signal);
  },
  RecordRevision: (_, context) =>
    recordRevision(context.cluster, context.stack, revisions(context).current, context),
  NoteAttempt: ({ attempt }, context) => note(context, { attempt }),
  NoteFailure: ({ attempt, failure: { reason, facts, time } }, context) =>
    note(context, { attempt: { ...attempt, failure: { reason, message: context.say(facts), time } } }),
  NoteOutcome: async (action, context) => {
    const outcome: RevisionOutcome = {
      ...action.outcome,
      ...(action.words === undefined ? {} : { message: context.say(action.words) }),
    };
    await note(context, { outcome });
    context.recordOutcome(revisions(context).current, outcome);
  },
  CreateBackup: ({ name }, context) => requestBackup(name, 'PreUpdate', context),
  CreateRestore: ({ name, backupRef }, context) =>
    askForWayBack(context.cluster, context.stack, name, backupRef, context),
  MarkUpdate: async ({ mark }, context) => {
    await hostOf(context).record(context.project, { update: mark }, context.fence(), context.signal);
  },
  EndUpdate: async (_, context) => {
    await hostOf(context).record(context.project, { update: null }, context.fence(), context.signal);
  },
  KeepLogs: async ({ name, services }, context) => {
    const host = hostOf(context);
    await host.keepLogs(context.project, name, services, context.fence(), context.signal);
    for (const service of services.slice(0, eventedServices)) {
      const lines = await host.logs(context.project, service, eventedLines, context.signal);
      context.recordLog(service, lines, `/opt/jtel/${context.project}/failures/${name}-${service}.log`);
    }
  },
  RemoveRevisions: ({ names }, context) => removeRevisions(context.cluster, context.stack, names, context),
  ApplyRelease: (_, context) =>
    hostOf(context).composeUp(
      context.project,
      desired(context).release,
      'all',
      context.fence(),
      context.signal,
    ),
  RecordApplied: async (_, context) => {
    const { digest, version, database } = desired(context).release;
    const series = database === undefined ? {} : { series: database.series };
    await hostOf(context).record(
      context.project,
      { applied: { digest, version, ...series } },
      context.fence(),
      context.signal,
    );
  },
  PruneReleases: (action, context) =>
    hostOf(context).prune(context.project, action.keep, context.fence(), context.signal),
  StopStack: (_, context) => hostOf(context).composeStop(context.project, context.fence(), context.signal),
  DestroyStack: (_, context) => hostOf(context).destroy(context.project, context.fence(), context.signal),
  DestroyFormer: async (action, context) => {
    const { host, fence } = await context.claimOther(action.machineID);
    await host.destroy(context.project, fence, context.signal);
  },
  RemoveCredentials: (_, { credentials, stack, signal }) => credentials.remove(stack, signal),
  ReleaseFinalizer: (_, context) => context.letGo(),
};

async function note(context: ExecutionContext, what: RevisionNote): Promise<void> {
  const { cluster, stack, steps } = context;
  await noteOnRevision(
    cluster,
    stack,
    revisions(context).current,
    { ...optional({ steps }), ...what },
    context,
  );
}

async function requestBackup(
  name: string,
  trigger: 'Relocation' | 'PreUpdate',
  { cluster, stack: { metadata }, signal }: ExecutionContext,
): Promise<void> {
  const request = { namespace: metadata.namespace, stackName: metadata.name, name, trigger };
  await askForBackup(cluster, { ...request, verify: 'Checksum' }, { signal });
}

/** An event is short, and who wants more finds the files. */
const eventedServices = 3;
const eventedLines = 20;

export async function execute(action: Action, context: ExecutionContext): Promise<ActionOutcome> {
  // The table is complete by its type; the lookup loses the link between key and argument.
  return await (
    executors[action.type] as (action: Action, context: ExecutionContext) => Promise<ActionOutcome>
  )(action, context);
}

async function startLoad(
  context: ExecutionContext,
  purpose: LoadPurpose,
  volumes: SwitchedVolumes | undefined,
): Promise<void> {
  const { toolbox, preparing, pullCredentials, loadJob } = inputs(context);
  // With its own pull: an operator that was updated in between brings another toolbox. What prepares a backup's files is the
  // image that made it; where it cannot be had, the check says so while the stack still runs.
  await hostOf(context).pull(
    [toolbox, ...(preparing === undefined ? [] : [preparing])],
    pullCredentials,
    (pulled) => context.progress(describePull(pulled)),
    context.signal,
  );
  await hostOf(context).startJob(
    context.project,
    await loadJob(purpose, volumes, context.signal),
    context.fence(),
    context.signal,
  );
}

function hostOf({ look: { gathered } }: ExecutionContext): Host {
  if (gathered.host === undefined) throw new Error('planned an action on a host that was not observed');
  return gathered.host;
}

function beside({ look }: ExecutionContext): BesideVolumes {
  const found = look.observed.order?.beside;
  if (found === undefined) throw new Error('planned a load beside the stack without a place for it');
  return found;
}

function revisions({ look: { observed } }: ExecutionContext): Revisions {
  if (observed.revisions === undefined) throw new Error('planned a note on a revision that was not read');
  return observed.revisions;
}

function desired({ look: { held } }: ExecutionContext): Desired {
  if (held.desired === undefined) throw new Error('planned an action for a release that was not rendered');
  return held.desired;
}

function inputs({ look: { gathered } }: ExecutionContext): Inputs {
  if (gathered.inputs === undefined) throw new Error('planned an action whose inputs were not read');
  return gathered.inputs;
}

const mebibyte = 2 ** 20;

function describePull(pulled: PullProgress): Progress {
  const images = `pulling images: ${pulled.imagesDone} of ${pulled.imagesTotal}`;
  if (pulled.bytesTotal === 0) return { message: images };
  const bytes = `${Math.round(pulled.bytesDone / mebibyte)} of ${Math.round(pulled.bytesTotal / mebibyte)} MiB`;
  return {
    message: `${images}, ${bytes}`,
    percent: Math.floor((100 * pulled.bytesDone) / pulled.bytesTotal),
  };
}
