/** What else is known of a stack, as labels and texts: where it runs, its data, its backups, the way back. */
import type { JtelStack, JtelStackStatus } from '../crds/index.ts';
import { formatBytes } from '../base/bytes.ts';
import { age, moment, span } from '../base/time.ts';
import { downTimes } from './available.ts';
import { diskDaysLeft } from './disk.ts';
import { needsOlderData } from './way-back.ts';

/** Only what there is to tell. */
export function factsOf(stack: JtelStack, now: Date): (readonly [label: string, text: string])[] {
  const { spec, status = {} } = stack;
  const rows: (readonly [string, string])[] = [
    ['Address', `https://${spec.network.fqdn}/`],
    ['Host', hostText(stack, now)],
    ['Data', dataText(status)],
    ['Last backup', backupText(stack, now)],
    ['Next backup', moment(status.backup?.nextTime, now)],
    ['Down time', downTimeText(stack, now)],
    ['Way back', wayBack(stack, now)],
    [
      'Former host',
      (status.formerHosts ?? []).map(({ host, state }) => `${host.address} (${state})`).join(', '),
    ],
    ['Channel', channelText(stack)],
    ['Revision', revisionText(status, now)],
  ];
  return rows.filter(([, text]) => text !== '');
}

function hostText(stack: JtelStack, now: Date): string {
  const { spec, status } = stack;
  const daysLeft = diskDaysLeft(stack, now);
  const host = status?.host ?? {};
  const parts = [
    host.os,
    host.cores === undefined ? undefined : `${host.cores} cores`,
    host.memoryBytes === undefined ? undefined : `${formatBytes(host.memoryBytes)} memory`,
    host.diskFreeBytes === undefined
      ? undefined
      : `${formatBytes(host.diskFreeBytes)} of disk free${daysLeft === undefined ? '' : `, full in about ${Math.floor(daysLeft)} d`}`,
  ].filter((part) => part !== undefined);
  return `${spec.host.user}@${spec.host.address}${spec.host.port === 22 ? '' : `:${spec.host.port}`}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

/** Of this month and the one before that had any. */
function downTimeText(stack: JtelStack, now: Date): string {
  return downTimes(stack, now)
    .slice(0, 2)
    .map(({ month, downSeconds, unknownSeconds }) => {
      const unknown = unknownSeconds === 0 ? '' : ` (and ${span(unknownSeconds)} in which nobody knew)`;
      return `${month} ${downSeconds === 0 ? 'none' : span(downSeconds)}${unknown}`;
    })
    .join(', ');
}

function dataText({ data }: JtelStackStatus): string {
  if (data === undefined) return '';
  const incomplete = data.state === 'Incomplete' ? ', INCOMPLETE' : '';
  return `from ${data.source}${data.time === undefined ? '' : `, loaded ${data.time.slice(0, 16).replace('T', ' ')}Z`}${incomplete}`;
}

function backupText({ spec, status }: JtelStack, now: Date): string {
  if (spec.backup === undefined) return 'none: spec.backup is not set';
  const backup = status?.backup;
  if (backup?.lastSuccessTime === undefined) return 'none yet';
  const verified = backup.verified === undefined ? '' : `, verification ${backup.verified.toLowerCase()}`;
  return `${moment(backup.lastSuccessTime, now)}${backup.lastBackupID === undefined ? '' : ` ${backup.lastBackupID}`}${verified}`;
}

function wayBack(stack: JtelStack, now: Date): string {
  const { metadata, status } = stack;
  const point = status?.rollback;
  if (point?.revision === undefined) return '';
  const release = point.version ?? 'an earlier release';
  if (point.backupRef === undefined && needsOlderData(stack, point.version))
    return `none to ${release}: no backup of its data was made before the update`;
  const until = point.availableUntil === undefined ? '' : `, until ${moment(point.availableUntil, now)}`;
  const data = point.backupRef === undefined ? '' : ` with the data of backup ${point.backupRef.name}`;
  return `to ${release}${data}${until}: kubectl jtel rollback ${metadata.name} -n ${metadata.namespace} --to ${point.revision}${point.backupRef === undefined ? '' : ' --restore-data'}`;
}

function revisionText(status: JtelStackStatus, now: Date): string {
  if (status.revision === undefined) return '';
  const last = status.history?.[0];
  const how =
    last === undefined
      ? ''
      : `; last: ${[last.action, last.version, last.result].filter((word) => word !== undefined).join(' ')}, ${age(last.completionTime ?? last.startTime, now)} ago`;
  return `${status.revision}${how}`;
}

/** What it said last, and what became of it. */
function channelText({ spec, status }: JtelStack): string {
  const name = spec.channelRef?.name;
  const said = status?.channel;
  if (name === undefined || said === undefined) return name ?? '';
  const { version, state, tried, reason, message } = said;
  const why = [reason, message].filter((part) => part !== undefined).join(', ');
  const whole = [tried === undefined ? undefined : `tried ${tried}`, why === '' ? undefined : why]
    .filter((part) => part !== undefined)
    .join(': ');
  return `${said.name}: ${version}, ${state}${whole === '' ? '' : ` (${whole})`}`;
}
