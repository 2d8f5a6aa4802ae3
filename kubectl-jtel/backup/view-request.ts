/** Shows the progress of a JtelBackup or JtelRestore, and how it ended. */
import type { JtelBackup, JtelRestore } from '../../crds/index.ts';
import { formatBytes } from '../../base/bytes.ts';
import type { ProgressState } from '../progress-line.ts';
import type { Colour } from '../view/paint.ts';
import { secondsBetween, span } from '../../base/time.ts';
import type { ViewContext } from '../view/view.ts';
import { hanging, wrap } from '../../command-line/wrap.ts';

/** The operator starts requests at once. After this time the person should look whether it runs. */
const patienceSeconds = 15;

export function requestProgress(
  { metadata, status = {} }: JtelBackup | JtelRestore,
  now: Date,
): ProgressState {
  const percent = status.operation?.progressPercent ?? percentOf(status.progress);
  const since = Date.parse(status.startTime ?? metadata.creationTimestamp);
  const seconds = (now.getTime() - since) / 1000;
  if (status.phase === undefined && seconds > patienceSeconds)
    return { text: 'the operator has not looked at it yet: does it run?' };
  const words = status.operation?.message ?? status.message ?? '';
  return {
    percent,
    text: `${status.phase ?? 'Pending'} ${span(seconds)}${words === '' ? '' : `  ${words}`}`,
  };
}

function percentOf(progress: string | undefined): number | undefined {
  const [, number] = /^(\d{1,3})\s*%/.exec(progress ?? '') ?? [];
  return number === undefined ? undefined : Number(number);
}

export function backupResult(
  { metadata, status = {} }: JtelBackup,
  { paint, width, now }: ViewContext,
): string[] {
  if (status.phase !== 'Completed')
    return failure(`JtelBackup ${metadata.name}`, status, { paint, width, now });
  const facts = [
    took(status),
    status.totalBytes === undefined ? undefined : `${formatBytes(status.totalBytes)} of data`,
    status.uploadedBytes === undefined ? undefined : `${formatBytes(status.uploadedBytes)} sent`,
    status.immutability?.untilTime === undefined
      ? undefined
      : `immutable until ${status.immutability.untilTime.slice(0, 10)}`,
    status.verification?.state === undefined
      ? undefined
      : `verification ${status.verification.state.toLowerCase()}`,
  ].filter((fact) => fact !== undefined);
  return [
    `${paint('green', '✔')} backup ${status.backupID ?? metadata.name} is complete${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`,
  ];
}

export function restoreResult(restore: JtelRestore, context: ViewContext): string[] {
  const { metadata, spec, status = {} } = restore;
  const checks = (status.checks ?? []).map(({ name, result, message }) => {
    const [sign, colour] =
      result === 'Passed'
        ? (['✔', 'green'] as const)
        : result === 'Failed'
          ? (['✘', 'red'] as const)
          : (['–', 'dim'] as const);
    return signed(sign, colour, `${name}${message === undefined ? '' : `: ${message}`}`, context);
  });
  const lines = checks.flat();
  if (status.phase !== 'Completed')
    return [...lines, ...failure(`JtelRestore ${metadata.name}`, status, context)];
  if (spec.source.undoOf !== undefined)
    return [...lines, ...signed('✔', 'green', status.message ?? 'done', context)];
  const what = {
    Execute: 'restored',
    Plan: 'nothing was done; it can be restored',
    Test: 'tested, and the scratch project removed',
  }[spec.mode];
  const recovery =
    status.recoveryTimeSeconds === undefined
      ? took(status)
      : `${span(status.recoveryTimeSeconds)} until healthy`;
  const estimate =
    spec.mode === 'Plan' && status.estimatedSeconds !== undefined
      ? `, about ${span(status.estimatedSeconds)} of loading`
      : '';
  const size = status.bytes === undefined ? '' : `, ${formatBytes(status.bytes)}`;
  const down = status.downtimeSeconds === undefined ? '' : `, down for ${span(status.downtimeSeconds)}`;
  const end = `backup ${status.backupID ?? ''} of ${status.backupTime ?? '?'}: ${what}${size}${spec.mode === 'Plan' ? estimate : recovery === undefined ? '' : `, ${recovery}`}${down}`;
  return [
    ...lines,
    ...signed('✔', 'green', end, context),
    ...(spec.mode === 'Plan' && status.message !== undefined ? wrap(status.message, context.width) : []),
  ];
}

function took({
  startTime,
  completionTime,
}: {
  readonly startTime?: string;
  readonly completionTime?: string;
}): string | undefined {
  return startTime === undefined || completionTime === undefined
    ? undefined
    : `in ${span(secondsBetween(startTime, completionTime))}`;
}

function failure(what: string, { message }: { readonly message?: string }, context: ViewContext): string[] {
  return signed('✘', 'red', `${what} failed: ${message ?? 'its conditions say why'}`, context);
}

/** A sentence below its sign. */
function signed(sign: string, colour: Colour, text: string, { paint, width }: ViewContext): string[] {
  return hanging(`${paint(colour, sign)} `, 2, text, width);
}
