/**
 * What Prometheus sees, and which alerts that makes: a stack that is well, and for each alert what is
 * different.
 */

import { steady, type AlertCase, type Series } from './alert-case.ts';
import { channelCases } from './channel-cases.ts';
import { drillCases } from './drill-cases.ts';
import { operatorCases } from './operator-cases.ts';

const stack = 'namespace="customers",name="acme"';
/** Names of series, in promtool's form. */
const on = (metric: string, labels = ''): string =>
  `jtel_stack_${metric}{${stack}${labels === '' ? '' : `,${labels}`}}`;
const store = (metric: string, labels = ''): string =>
  `jtel_store_${metric}{${stack}${labels === '' ? '' : `,${labels}`}}`;

/** Nothing is known about it. */
const nothing = '_xN';

const dayInSeconds = 86_400;

const types = 'Ready Available HostReachable UpToDate Drifted BackupHealthy RecoveryObjectivesMet'.split(' ');

/**
 * A stack, its store and its operator, all of them well. Each series is there twice, as two replicas give it.
 */
const well: Series = {
  [on('expected')]: steady(1),
  [on('ready')]: steady(1),
  [on('available')]: steady(1),
  [on('host_reachable')]: steady(1),
  [on('drifted')]: steady(0),
  [on('generation')]: steady(3),
  [on('observed_generation')]: steady(3),
  [on('components_healthy')]: steady(8),
  [on('components_wanted')]: steady(8),
  [on('container_restarts')]: steady(1),
  [on('host_disk_free_bytes')]: steady(200 * 2 ** 30),
  [on('backup_scheduled')]: steady(1),
  [on('last_backup_timestamp_seconds')]: steady(-7200),
  [on('backup_store', 'store="blue"')]: steady(1),
  [on('last_restore_test_timestamp_seconds')]: steady(-dayInSeconds),
  [on('creation_timestamp_seconds')]: steady(-100 * dayInSeconds),
  [on('certificate_end_timestamp_seconds')]: steady(100 * dayInSeconds),
  ...Object.fromEntries(
    types.map((type) => [
      on('condition_last_transition_timestamp_seconds', `condition="${type}"`),
      steady(-3600),
    ]),
  ),
  [on('condition', 'condition="BackupHealthy",status="True",reason="BackupCompleted"')]: steady(1),
  [store('available')]: steady(1),
  [store('immutable')]: steady(1),
  [store('condition_last_transition_timestamp_seconds', 'condition="Available"')]: steady(-60),
  [store('condition_last_transition_timestamp_seconds', 'condition="Immutable"')]: steady(-60),
  'jtel_operator_build_info{version="0.1.0"}': steady(1),
  'jtel_operator_leader{}': steady(1),
  'jtel_operator_lease_held{lease="b"}': steady(1),
  'jtel_operator_queue_depth{controller="stack",line="Periodic"}': steady(0),
  // Hosts that do not answer are told elsewhere.
  'jtel_operator_queue_depth{controller="stack",line="PeriodicSlow"}': steady(80),
  'jtel_operator_reconciles_total{controller="stack",outcome="success"}': '0+60xN',
  'jtel_operator_reconciles_total{controller="stack",outcome="error"}': '0+1xN',
  'jtel_operator_api_calls_total{method="GET",code="200"}': '0+600xN',
  'jtel_operator_api_calls_total{method="GET",code="0"}': '0+1xN',
};

const notHealthy = (reason: string): Series => ({
  [on('condition', 'condition="BackupHealthy",status="True",reason="BackupCompleted"')]: nothing,
  [on('condition', `condition="BackupHealthy",status="False",reason="${reason}"`)]: steady(1),
});
const available = (healthy: number): Series => ({
  [on('available')]: steady(0),
  [on('components_healthy')]: steady(healthy),
});
const operation = (type: string): Series => ({
  [on('operation_start_timestamp_seconds', `type="${type}"`)]: steady(0),
});
const hostAway: Series = {
  [on('host_reachable')]: steady(0),
  [on('available')]: steady(0),
  [on('ready')]: nothing,
  [on('condition', 'condition="HostReachable",status="False",reason="HostUnreachable"')]: steady(1),
};
const since = '1969-12-31 23:00 UTC';

export const cases: readonly AlertCase[] = [
  { when: 'all is well', series: {}, fires: [], after: 300 },
  {
    when: 'a host is cut off',
    series: { ...hostAway, ...notHealthy('BackupOverdue') },
    fires: ['JtelHostUnreachable'],
    after: 90,
    says: { summary: 'The operator does not reach the host: HostUnreachable', since },
  },
  { when: 'a host is away for a moment', series: hostAway, fires: [], after: 4 },
  {
    when: 'a host is away whose stack is stopped',
    series: { ...hostAway, [on('expected')]: steady(0) },
    fires: [],
    after: 90,
  },
  {
    when: 'a replica stopped',
    series: { ...available(7), [on('ready')]: steady(0) },
    fires: ['JtelStackUnavailable'],
    after: 90,
    says: { summary: 'Containers are missing or unhealthy: 7 of 8 are healthy', since },
  },
  {
    when: 'an update has its containers stopped',
    series: { ...available(2), [on('ready')]: steady(0), ...operation('Update') },
    fires: [],
    after: 60,
  },
  {
    when: 'a repair does not get anywhere',
    series: { ...available(7), ...operation('Repair') },
    fires: ['JtelStackUnavailable'],
    after: 60,
  },
  {
    when: 'a spec cannot be reached',
    series: {
      [on('ready')]: steady(0),
      [on('condition', 'condition="Ready",status="False",reason="ReleaseNotFound"')]: steady(1),
    },
    fires: ['JtelStackNotReady'],
    after: 90,
    says: {
      summary: 'The stack serves, but what was asked for is not reached: ReleaseNotFound',
      since,
    },
  },
  {
    when: 'an object is older than its host',
    series: {
      [on('ready')]: steady(0),
      [on('condition_last_transition_timestamp_seconds', 'condition="Stalled"')]: steady(0),
      [on('condition', 'condition="Stalled",status="True",reason="StatusOlderThanHost"')]: steady(1),
    },
    fires: ['JtelStackOlderThanHost'],
    after: 90,
  },
  {
    when: 'nobody looks at a spec',
    series: { [on('generation')]: steady(4) },
    fires: ['JtelStackNotObserved'],
    after: 30,
  },
  {
    when: 'an update takes three hours',
    series: operation('Update'),
    fires: ['JtelOperationSlow'],
    from: 121,
    after: 180,
  },
  { when: 'a restore takes three hours', series: operation('Restore'), fires: [], after: 180 },
  {
    when: 'a restore takes thirteen hours',
    series: operation('Restore'),
    fires: ['JtelOperationSlow'],
    from: 721,
    after: 780,
  },
  { when: 'a move takes three hours', series: operation('Relocate'), fires: [], after: 180 },
  {
    when: 'an update was taken back',
    series: {
      [on('ready')]: steady(0),
      [on('condition', 'condition="UpToDate",status="False",reason="RolledBack"')]: steady(1),
    },
    fires: ['JtelUpdateFailed'],
    after: 90,
  },
  {
    when: 'somebody changed a container',
    series: { [on('drifted')]: steady(1) },
    fires: ['JtelStackDrifted'],
    after: 90,
  },
  {
    when: 'a container is restarted every three minutes',
    series: { [on('container_restarts')]: '0x59 1+0.4xN' },
    fires: ['JtelContainersRestarting'],
    from: 71,
    after: 120,
  },
  {
    when: 'a disk fills up',
    series: { [on('host_disk_free_bytes')]: steady(5 * 2 ** 30) },
    fires: ['JtelDiskAlmostFull'],
    after: 30,
  },
  {
    when: 'a disk is full',
    series: { [on('host_disk_free_bytes')]: steady(2 ** 29) },
    fires: ['JtelDiskFull'],
    after: 30,
  },
  {
    when: 'a certificate ends in a week',
    series: { [on('certificate_end_timestamp_seconds')]: steady(7 * dayInSeconds) },
    fires: ['JtelCertificateEnds'],
    after: 90,
  },
  {
    when: 'a certificate ended',
    series: { [on('certificate_end_timestamp_seconds')]: steady(-3600) },
    fires: ['JtelCertificateEnded'],
    after: 90,
    says: { summary: 'The certificate of the web page has ended, so browsers and clients refuse it', since },
  },
  {
    when: 'the certificate of a stopped stack ended',
    series: { [on('certificate_end_timestamp_seconds')]: steady(-3600), [on('expected')]: steady(0) },
    fires: [],
    after: 90,
  },
  {
    when: 'a backup was missed',
    series: notHealthy('BackupOverdue'),
    fires: ['JtelBackupMissed'],
    after: 90,
    says: {
      summary: 'A backup that was due was not made; the last good one is of 1969-12-31 22:00 UTC',
      since,
    },
  },
  {
    when: 'a backup failed, and the objective is missed by that',
    series: {
      ...notHealthy('BackupFailed'),
      [on('condition', 'condition="RecoveryObjectivesMet",status="False",reason="ObjectivesMissed"')]:
        steady(1),
    },
    fires: ['JtelBackupFailed'],
    after: 90,
  },
  {
    when: 'a backup has nothing in it',
    series: notHealthy('BackupEmptied'),
    fires: ['JtelBackupDoubtful'],
    after: 90,
  },
  {
    when: 'backups stand still since yesterday',
    series: notHealthy('BackupSuspended'),
    fires: [],
    after: 90,
  },
  {
    when: 'backups stand still for a week',
    series: {
      ...notHealthy('BackupSuspended'),
      [on('condition_last_transition_timestamp_seconds', 'condition="BackupHealthy"')]: steady(
        -8 * dayInSeconds,
      ),
    },
    fires: ['JtelBackupSuspended'],
    after: 90,
  },
  {
    when: 'a restore took longer than promised',
    series: {
      [on('condition', 'condition="RecoveryObjectivesMet",status="False",reason="ObjectivesMissed"')]:
        steady(1),
    },
    fires: ['JtelRecoveryObjectiveMissed'],
    after: 90,
  },
  {
    when: 'no restore was tested for long',
    series: { [on('last_restore_test_timestamp_seconds')]: steady(-46 * dayInSeconds) },
    fires: ['JtelRestoreNotTested'],
    after: 90,
  },
  {
    when: 'no restore was ever tested of a stack that is old',
    series: { [on('last_restore_test_timestamp_seconds')]: nothing },
    fires: ['JtelRestoreNotTested'],
    after: 90,
  },
  {
    when: 'no restore was tested yet of a stack of yesterday',
    series: {
      [on('last_restore_test_timestamp_seconds')]: nothing,
      [on('creation_timestamp_seconds')]: steady(-dayInSeconds),
    },
    fires: [],
    after: 90,
  },
  {
    when: 'no restore was ever tested of a stack that the schedule makes no backups of',
    series: {
      [on('last_restore_test_timestamp_seconds')]: nothing,
      [on('backup_scheduled')]: steady(0),
    },
    fires: [],
    after: 90,
  },
  {
    when: 'a store refuses the credentials',
    series: {
      [store('available')]: steady(0),
      [store('immutable')]: steady(0),
      [store('condition', 'condition="Available",status="False",reason="StoreCredentialsRefused"')]:
        steady(1),
    },
    fires: ['JtelStoreUnavailable'],
    after: 60,
  },
  {
    when: 'a store protects nothing',
    series: { [store('immutable')]: steady(0) },
    fires: ['JtelStoreNotImmutable'],
    after: 60,
  },
  {
    when: 'no operator runs',
    series: Object.fromEntries(Object.keys(well).map((name) => [name, nothing])),
    fires: ['JtelOperatorDown'],
    after: 30,
    operatorGone: true,
  },
  ...channelCases,
  ...drillCases,
  ...operatorCases,
];

/** All series of a case, as each of two replicas gives them. */
export function seriesOf({
  series,
  after,
}: AlertCase): readonly { readonly series: string; readonly values: string }[] {
  return Object.entries({ ...well, ...series }).flatMap(([name, values]) =>
    ['a', 'b'].map((instance) => ({
      series: name.replace('{', `{instance="${instance}",`).replace(',}', '}'),
      values: values.replaceAll('N', String(after + 5)),
    })),
  );
}
