/**
 * The CronJob that asks for a stack's backups; pure. Its pods only create a JtelBackup, so they need one right and no volume.
 * The operator makes good what the CronJob misses or does twice: only the name of the JtelBackup counts.
 */

import { createHash } from 'node:crypto';
import { labels, type JtelStack } from '../../../crds/index.ts';
import type { CronJob } from '../../../runtime/client/kinds.ts';
import { isScheduled, scheduleOf } from '../../times/stack-schedule.ts';

/** How the pods of the schedule run. Without it there are no CronJobs. */
export interface SchedulePods {
  /** The operator's own image. */
  readonly image: string;
  /** It exists in each namespace with stacks, and may create JtelBackups. */
  readonly serviceAccount: string;
}

/** The digest of what was applied last: an unchanged CronJob is not applied again. */
export const digestAnnotation = 'jtel.de/applied-digest';

export function cronJobName(stackName: string): string {
  return `${stackName}-backup`;
}

/**
 * @returns undefined for a stack without backups
 * @throws {InputError} `ScheduleInvalid`
 */
export function cronJob(stack: JtelStack, { image, serviceAccount }: SchedulePods): CronJob | undefined {
  const { backup } = stack.spec;
  if (backup === undefined) return undefined;
  const { namespace, name, uid } = stack.metadata;
  const podLabels = { [labels.stack]: name, 'app.kubernetes.io/name': 'jtel-backup-schedule' };
  const args = [
    'backup',
    'create',
    '--stack',
    name,
    '--trigger',
    'Scheduled',
    '--schedule',
    backup.schedule,
    '--time-zone',
    backup.timeZone,
    '--verify',
    backup.verify,
    '--job-name',
    '$(JOB_NAME)',
  ];
  const container = {
    name: 'create',
    image,
    args,
    env: [
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      // The Job's name contains the minute for which the CronJob fired, whenever the pod runs.
      {
        name: 'JOB_NAME',
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
      },
    ],
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '192Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
  const podSpec = {
    serviceAccountName: serviceAccount,
    restartPolicy: 'OnFailure',
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
  };
  const spec = {
    schedule: spreadExpression(backup.schedule, scheduleOf(stack)?.offsetSeconds ?? 0),
    timeZone: backup.timeZone,
    concurrencyPolicy: 'Forbid' as const,
    startingDeadlineSeconds: backup.startDeadlineMinutes * 60,
    suspend: !isScheduled(stack),
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      metadata: { labels: podLabels },
      spec: {
        backoffLimit: 6,
        activeDeadlineSeconds: 3600,
        ttlSecondsAfterFinished: 86_400,
        template: { metadata: { labels: podLabels }, spec: podSpec },
      },
    },
  };
  const digest = createHash('sha256')
    .update(JSON.stringify([uid, spec]))
    .digest('hex')
    .slice(0, 16);
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      namespace,
      name: cronJobName(name),
      labels: { [labels.stack]: name },
      annotations: { [digestAnnotation]: digest },
      ownerReferences: [
        {
          apiVersion: 'jtel.de/v1alpha1',
          kind: 'JtelStack',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec,
  };
}

/**
 * The same schedule, later by the stack's share of the spread in whole minutes, so that the pods of many stacks do not start at
 * once. One that has several times a day, or would end on another day of a week or month, stays: its backup waits for its moment.
 */
function spreadExpression(expression: string, offsetSeconds: number): string {
  const [minute = '', hour = '', ...days] = expression.split(' ');
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour)) return expression;
  const minutes = Number(hour) * 60 + Number(minute) + Math.floor(offsetSeconds / 60);
  if (minutes >= 24 * 60 && days.some((field) => field !== '*')) return expression;
  return [minutes % 60, Math.floor(minutes / 60) % 24, ...days].join(' ');
}

/** Of a CronJob that the operator made: the uid of its stack, and of itself. A name proves nothing. */
export interface Made {
  readonly uid: string;
  readonly stackUID: string;
  readonly stackName: string;
}

/** Undefined for what somebody else made. */
export function madeByOperator({ metadata }: CronJob): Made | undefined {
  const { uid, annotations, ownerReferences = [] } = metadata ?? {};
  const stackName = metadata?.labels?.[labels.stack];
  const stackUID = ownerReferences.find(({ controller }) => controller === true)?.uid;
  return annotations?.[digestAnnotation] === undefined ||
    uid === undefined ||
    stackName === undefined ||
    stackUID === undefined
    ? undefined
    : { uid, stackUID, stackName };
}

/** Whether the operator made it for this very stack. */
export function isMadeFor(made: Made | undefined, { metadata }: JtelStack): boolean {
  return made?.stackUID === metadata.uid && made.stackName === metadata.name;
}
