/** Everything about one stack: what objects say, in the words of web/protocol.ts. */
import { optional } from '../../../base/optional.ts';
import {
  isReason,
  reasons,
  type ComponentStatus,
  type Condition,
  type JtelBackup,
  type JtelBackupStore,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import type { Revision } from '../../../controllers/stack/index.ts';
import { factsOf } from '../../../insight/facts.ts';
import { historyLines } from '../../../insight/history.ts';
import { judgeNow } from '../../../insight/judge.ts';
import { signatureOf, signatureProblem, type Signature } from '../../../insight/signature.ts';
import type { EventObject } from '../../../runtime/client/kinds.ts';
import type {
  BackupLine,
  ComponentLine,
  ConditionLine,
  EventLine,
  HistoryLine,
  Part,
  RestoreLine,
  StackDetail,
  Verdict,
} from '../../protocol.ts';
import { commandsFor, copyCommand, type CommandPlace } from './commands.ts';
import { stackRow } from './rows.ts';
import { isDoubtful } from './strip.ts';

/** Of each kind at most this many are sent, the newest. */
const mostLines = 100;

/** Objects, or a sentence that says why there are none. */
export type Read<T> = readonly T[] | string;

export interface DetailParts {
  /** Of the kubeconfig; absent if there is only one. */
  readonly context?: string | undefined;
  readonly stack: JtelStack;
  readonly backups: Read<JtelBackup>;
  readonly restores: Read<JtelRestore>;
  /** Those that have the backups. */
  readonly stores: Read<JtelBackupStore>;
  readonly revisions: Read<Revision>;
  readonly events: Read<EventObject>;
  /** Why there is no plan. */
  readonly planAbsent?: string | undefined;
  /** For commands: absent if a person is to use the current context. */
  readonly commandContext?: string | undefined;
}

export function stackDetail(parts: DetailParts, now: Date): StackDetail {
  const { context, stack, backups, restores, stores, revisions, events, planAbsent, commandContext } = parts;
  const place = { context: commandContext, namespace: stack.metadata.namespace };
  const conditions = stack.status?.conditions ?? [];
  return {
    row: stackRow({ context, stack, backups: readable(backups), restores: readable(restores) }, now),
    conditions: conditions
      .map((condition) => conditionLine(condition, conditions))
      .toSorted((a, b) => urgency.indexOf(a.verdict) - urgency.indexOf(b.verdict)),
    components: (stack.status?.components ?? []).map((one) => componentLine(one, stack, place)),
    facts: factsOf(stack, now),
    history: history(stack, revisions, place),
    backups: part(
      backups,
      (one) => backupLine(one, readable(stores) ?? [], place),
      ({ time }) => time,
    ),
    restores: part(restores, restoreLine, ({ time }) => time),
    events: part(events, eventLine, ({ lastTime }) => lastTime),
    commands: commandsFor(stack, place),
    ...optional({ planAbsent }),
  };
}

const urgency: readonly Verdict[] = ['Bad', 'Unknown', 'Busy', 'Good', 'Neutral'];

function readable<T>(read: Read<T>): readonly T[] | undefined {
  return typeof read === 'string' ? undefined : read;
}

/** Newest first. */
function part<T, L>(read: Read<T>, lineOf: (one: T) => L, timeOf: (line: L) => string): Part<L> {
  if (typeof read === 'string') return { absent: read };
  return shortened(read.map(lineOf).toSorted((a, b) => timeOf(b).localeCompare(timeOf(a))));
}

function shortened<L>(lines: readonly L[]): Part<L> {
  return { items: lines.slice(0, mostLines), more: Math.max(0, lines.length - mostLines) };
}

function conditionLine(condition: Condition, all: readonly Condition[]): ConditionLine {
  const { type, status, reason, message, lastTransitionTime } = condition;
  return {
    type,
    status,
    verdict: judgeNow(condition, all),
    reason,
    message,
    since: lastTransitionTime,
    ...(isReason(reason) ? { meaning: reasons[reason] } : {}),
  };
}

function componentLine(component: ComponentStatus, stack: JtelStack, place: CommandPlace): ComponentLine {
  const { name, image, digest, state, health, restarts } = component;
  return {
    name,
    verdict: verdictOfComponent(component),
    command: copyCommand(`show the log of ${name}`, place, ['logs', stack.metadata.name, name]),
    ...optional({ image, digest, state, health, restarts }),
  };
}

function verdictOfComponent({ state, health }: ComponentStatus): Verdict {
  if (state === undefined) return 'Unknown';
  if (health === 'starting' || state === 'restarting' || state === 'created') return 'Busy';
  return state === 'running' && health !== 'unhealthy' ? 'Good' : 'Bad';
}

/** Without the right to read revisions, what the status remembers of them. */
function history(stack: JtelStack, revisions: Read<Revision>, place: CommandPlace): Part<HistoryLine> {
  const known = readable(revisions);
  const lines = historyLines(stack, known ?? []);
  if (lines.length === 0 && typeof revisions === 'string') return { absent: revisions };
  return shortened(
    lines.map(({ revision, ...line }): HistoryLine => {
      const isRecorded = known?.some(({ number }) => number === revision) === true;
      return {
        ...line,
        ...optional({ revision }),
        ...(revision === undefined || !isRecorded
          ? {}
          : {
              command: copyCommand(`compare revision ${revision} with the current spec`, place, [
                'diff',
                stack.metadata.name,
                '--revision',
                String(revision),
              ]),
            }),
      };
    }),
  );
}

function backupLine(backup: JtelBackup, stores: readonly JtelBackupStore[], place: CommandPlace): BackupLine {
  const { metadata, spec, status = {} } = backup;
  const { phase = 'Pending', verification, backupID } = status;
  const store = status.storeRef?.name ?? spec.storeRef?.name;
  const signature = signatureOf(
    backup,
    stores.find((one) => one.metadata.name === store),
  );
  const problem = signature === undefined ? undefined : signatureProblem(signature);
  return {
    name: metadata.name,
    verdict: verdictOfBackup(status, signature),
    phase,
    time: status.startTime ?? metadata.creationTimestamp,
    trigger: spec.trigger,
    ...(phase === 'Completed' && backupID !== undefined && !isRefused(signature)
      ? {
          command: copyCommand('plan to restore it', place, [
            'restore',
            spec.stackRef.name,
            '--from',
            backupID,
            ...(signature?.is === 'Unsigned' ? ['--unsigned'] : []),
            '--replace',
            '--plan',
          ]),
        }
      : {}),
    ...optional({
      backupID,
      completionTime: status.completionTime,
      version: status.version,
      store,
      totalBytes: status.totalBytes,
      uploadedBytes: status.uploadedBytes,
      progress: phase === 'Completed' || phase === 'Failed' ? undefined : status.progress,
      verification:
        verification?.state === undefined
          ? undefined
          : `${verification.state}${verification.method === undefined ? '' : ` by ${verification.method}`}`,
      immutableUntilTime: status.immutability?.untilTime,
      signature,
      message: problem === undefined ? status.message : `This backup is ${problem}.`,
    }),
  };
}

/** There is no consent to a signature that does not count. */
function isRefused(signature: Signature | undefined): boolean {
  return signature?.is === 'Untrusted' || signature?.is === 'Revoked';
}

function verdictOfBackup(
  status: NonNullable<JtelBackup['status']>,
  signature: Signature | undefined,
): Verdict {
  if (status.phase === 'Failed') return 'Bad';
  if (status.phase !== 'Completed') return 'Busy';
  if (isDoubtful(status) || isRefused(signature)) return 'Bad';
  return signature?.is === 'Unsigned' ? 'Unknown' : 'Good';
}

function restoreLine({ metadata, spec, status = {} }: JtelRestore): RestoreLine {
  const { phase = 'Pending' } = status;
  return {
    name: metadata.name,
    verdict: phase === 'Completed' ? 'Good' : phase === 'Failed' ? 'Bad' : 'Busy',
    phase,
    mode: spec.mode,
    time: status.startTime ?? metadata.creationTimestamp,
    ...optional({
      completionTime: status.completionTime,
      backupID: status.backupID,
      recoveryTimeSeconds: status.recoveryTimeSeconds,
      percent: status.progressPercent,
      message: status.message,
    }),
  };
}

function eventLine({ metadata, eventTime, type, reason, note, series }: EventObject): EventLine {
  const firstTime = eventTime ?? metadata?.creationTimestamp ?? '';
  return {
    type: type === 'Warning' ? 'Warning' : 'Normal',
    reason: reason ?? '',
    message: note ?? '',
    count: series?.count ?? 1,
    firstTime,
    lastTime: series?.lastObservedTime ?? firstTime,
  };
}
