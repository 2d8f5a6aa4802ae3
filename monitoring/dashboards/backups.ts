/** Can every customer be brought back, to which moment, and how fast? */
import { asDate, dashboard, graph, number, table } from './panels.ts';
import { age, count, perDrill, perStack, perStore } from './queries.ts';

const drillOldest = perDrill('oldest_test_timestamp_seconds');
/** 0 if there is no drill. */
const orNone = (expr: string): string => `(${expr} or vector(0))`;
const stacksOf = (of: string): string => orNone(`sum(${perDrill(`stacks{of="${of}"}`)})`);

export const backups = dashboard({
  uid: 'jtel-backups',
  title: 'jtel: backups',
  description: 'Backups of all stacks against what was promised, and the stores that they lie in.',
  panels: [
    number('Stacks without scheduled backups', count(`${perStack('backup_scheduled')} == 0`), 'short', 1),
    number(
      'Backups not healthy',
      count(perStack('condition{condition="BackupHealthy",status="False"}')),
      'short',
      1,
    ),
    number(
      'Objectives missed',
      count(perStack('condition{condition="RecoveryObjectivesMet",status="False"}')),
      'short',
      1,
    ),
    number('Stores not available', count(`${perStore('available')} == 0`), 'short', 1),
    number('Stores not immutable', count(`${perStore('immutable')} == 0`), 'short', 1),
    number('Oldest recovery point', `max(${age('recovery_point_timestamp_seconds')})`, 's'),
    number(
      'Drills that need somebody',
      count(perDrill('condition{condition="Stalled",status="True"}')),
      'short',
      1,
    ),
    number('Stacks that failed in a drill', stacksOf('failed'), 'short', 1),
    number('Stacks not tested in time', `${stacksOf('all')} - ${stacksOf('tested')}`),
    number('Tests of drills that run', orNone(`sum(${perDrill('running_tests')})`)),
    number('Test that is the longest ago', orNone(`time() - min(${drillOldest})`), 's'),
    number('A round of a drill takes', orNone(`3600 * max(${perDrill('cycle_hours')})`), 's'),
    table('Stacks', {
      'Recovery point': [age('recovery_point_timestamp_seconds'), 's'],
      Promised: [perStack('recovery_point_objective_seconds'), 's'],
      'Recovery time': [perStack('recovery_time_seconds'), 's'],
      'Time promised': [perStack('recovery_time_objective_seconds'), 's'],
      Verified: [perStack('last_backup_verified'), 'short'],
      'Restore tested': [asDate(perStack('last_restore_test_timestamp_seconds')), 'dateTimeFromNow'],
      'Test passed': [perStack('last_restore_test_passed'), 'short'],
      'Next backup': [asDate(perStack('next_backup_timestamp_seconds')), 'dateTimeAsIso'],
      'Missing files': [perStack('last_backup_missing_files'), 'short'],
    }),
    graph('Recovery point against the objective (1 is the objective)', {
      '{{namespace}}/{{name}}': `${age('recovery_point_timestamp_seconds')} / ${perStack('recovery_point_objective_seconds')}`,
    }),
    graph(
      'Duration of the last backup',
      { '{{namespace}}/{{name}}': perStack('last_backup_duration_seconds') },
      's',
    ),
    graph('Size of the data', { '{{namespace}}/{{name}}': perStack('last_backup_size_bytes') }, 'bytes'),
    graph(
      'Sent for the last backup',
      { '{{namespace}}/{{name}}': perStack('last_backup_uploaded_bytes') },
      'bytes',
    ),
    graph(
      'Jobs that run',
      {
        '{{namespace}}/{{name}} {{job}}': 'max by (namespace, name, job) (jtel_stack_job_progress_ratio)',
      },
      'percentunit',
    ),
    graph('Stacks of drills', {
      all: stacksOf('all'),
      'tested in time': stacksOf('tested'),
      failed: stacksOf('failed'),
      waiting: stacksOf('waiting'),
    }),
    graph('Backups in stores', { '{{namespace}}/{{name}}': perStore('backups') }),
    graph('JtelBackup objects by phase', {
      '{{phase}}': 'sum by (phase) (max by (namespace, name, phase) (jtel_stack_backups))',
    }),
    graph('JtelRestore objects by phase', {
      '{{phase}}': 'sum by (phase) (max by (namespace, name, phase) (jtel_stack_restores))',
    }),
  ],
});
