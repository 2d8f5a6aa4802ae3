/**
 * `jtel-operator backup create` asks for a backup by creating a JtelBackup. The pods of a stack's CronJob run
 * it. The name follows from the schedule, so firing twice, late or an hour off asks for the same backup.
 */
import { Command, Option } from 'commander';
import { labels, madeByOperator, type JtelBackup } from '../../../crds/index.ts';
import { UsageError, type Terminal } from '../../../command-line/terminal.ts';
import { compactTime } from '../../../base/time.ts';

interface CreateOptions {
  readonly stack: string;
  readonly namespace?: string;
  readonly trigger: 'Scheduled' | 'Manual';
  readonly verify: 'Checksum' | 'Restore';
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly jobName?: string;
  readonly name?: string;
  readonly kubeconfig?: string;
}

export function backupCommand(terminal: Terminal, clock: () => Date = () => new Date()): Command {
  const create = new Command('create')
    .description('ask for a backup of a stack; an existing one of that name is success')
    .requiredOption('--stack <name>', 'JtelStack to back up')
    .addOption(new Option('-n, --namespace <name>', 'namespace of the stack').env('POD_NAMESPACE'))
    .addOption(
      new Option('--trigger <trigger>', 'who asks for it').choices(['Scheduled', 'Manual']).default('Manual'),
    )
    .addOption(
      new Option('--verify <method>', 'Restore: also restore it as a test')
        .choices(['Checksum', 'Restore'])
        .default('Checksum'),
    )
    .option('--schedule <cron>', 'with --trigger Scheduled: the schedule, five fields')
    .option('--time-zone <zone>', 'with --trigger Scheduled: the time zone of the schedule')
    .addOption(
      new Option('--job-name <name>', 'the Job of a CronJob; its name has the minute for which it fired').env(
        'JOB_NAME',
      ),
    )
    .option('--name <name>', 'name of the JtelBackup; default: stack and time')
    .option(
      '--kubeconfig <file>',
      'kubeconfig of the cluster; default: the pod’s service account, else KUBECONFIG or ~/.kube/config',
    )
    .action(async (options: CreateOptions) => {
      const { namespace } = options;
      if (namespace === undefined)
        throw new UsageError('--namespace is missing (in a pod, POD_NAMESPACE may have it)');
      const name = options.name ?? (await backupName(options, clock()));
      const { createBackup } = await import('./create.ts');
      const outcome = await createBackup(
        options.kubeconfig,
        backupOf(options, namespace, name),
        terminal.signal,
      );
      terminal.print(
        `jtelbackup ${namespace}/${name} ${outcome === 'Created' ? 'created' : 'exists already'}`,
      );
    });
  return new Command('backup').description('backups of stacks').addCommand(create);
}

async function backupName(
  { trigger, stack, schedule, timeZone, jobName }: CreateOptions,
  now: Date,
): Promise<string> {
  // Seconds, in UTC, so two backups by hand have two names.
  if (trigger === 'Manual') return `${stack}-${compactTime(now)}`;
  if (schedule === undefined || timeZone === undefined)
    throw new UsageError(
      '--trigger Scheduled needs --schedule and --time-zone: they make the name of the backup',
    );
  const { Schedule } = await import('../../../controllers/times/schedule-times.ts');
  const slot = new Schedule(schedule, timeZone).nearest(firedAt(jobName) ?? now);
  if (slot === undefined) throw new UsageError(`schedule "${schedule}" never comes`);
  return `${stack}-${slot.name}`;
}

/** A CronJob names its Jobs `<its name>-<minutes since 1970>`; undefined for a Job made by hand. */
function firedAt(jobName: string | undefined): Date | undefined {
  const [, minutes] = /-(\d{8,9})$/.exec(jobName ?? '') ?? [];
  return minutes === undefined ? undefined : new Date(Number(minutes) * 60_000);
}

/** The server fills in the rest of the metadata. */
function backupOf({ stack, trigger, verify }: CreateOptions, namespace: string, name: string): JtelBackup {
  const backup = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelBackup',
    metadata: {
      namespace,
      name,
      labels: { [labels.stack]: stack, ...(trigger === 'Scheduled' ? madeByOperator : {}) },
    },
    spec: { stackRef: { name: stack }, trigger, verify },
  };
  return backup as object as JtelBackup;
}
