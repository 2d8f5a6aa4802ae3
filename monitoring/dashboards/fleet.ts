/** All customers at a glance: how many are well, and which are not. */
import { asDate, dashboard, graph, number, table } from './panels.ts';

const perStack = (metric: string): string => `max by (namespace, name) (${metric})`;
const expected = `${perStack('jtel_stack_expected')} == 1`;
const count = (expr: string): string => `(count(${expr}) or vector(0))`;

export const fleet = dashboard({
  uid: 'jtel-fleet',
  title: 'jtel: fleet',
  description: 'All stacks: how many are well, which are not, what runs on them.',
  panels: [
    number('Stacks', count(perStack('jtel_stack_info'))),
    number(
      'Not available',
      count(`${perStack('jtel_stack_available')} == 0 and on (namespace, name) (${expected})`),
      'short',
      1,
    ),
    number(
      'Not ready',
      count(`${perStack('jtel_stack_ready')} == 0 and on (namespace, name) (${expected})`),
      'short',
      1,
    ),
    number('Hosts not reached', count(`${perStack('jtel_stack_host_reachable')} == 0`), 'short', 1),
    number(
      'Backups not healthy',
      count(perStack('jtel_stack_condition{condition="BackupHealthy",status="False"}')),
      'short',
      1,
    ),
    number(
      'Work under way',
      count('max by (namespace, name, type) (jtel_stack_operation_start_timestamp_seconds)'),
    ),
    table('Stacks', {
      Phase: ['max by (namespace, name, phase) (jtel_stack_phase)', 'short'],
      Available: [perStack('jtel_stack_available'), 'short'],
      Ready: [perStack('jtel_stack_ready'), 'short'],
      'Last backup': [asDate(perStack('jtel_stack_last_backup_timestamp_seconds')), 'dateTimeFromNow'],
      'Disk free': [perStack('jtel_stack_host_disk_free_bytes'), 'bytes'],
    }),
    graph('Stacks by phase', {
      '{{phase}}': 'count by (phase) (max by (namespace, name, phase) (jtel_stack_phase))',
    }),
    graph('Stacks by release', {
      '{{version}} {{size}}':
        'count by (version, size) (max by (namespace, name, version, size) (jtel_stack_info))',
    }),
    graph(
      'Hosts with the least free disk',
      { '{{namespace}}/{{name}}': `bottomk(10, ${perStack('jtel_stack_host_disk_free_bytes')})` },
      'bytes',
    ),
    graph('Changes in the histories, by outcome', {
      '{{action}} {{result}}':
        'sum by (action, result) (max by (namespace, name, action, result) (jtel_stack_changes))',
    }),
  ],
});
