/** All customers at a glance: how many are well, and which are not. */
import { asDate, dashboard, graph, number, table } from './panels.ts';
import { count, diskFreeRatio, perStack } from './queries.ts';

const expected = `${perStack('expected')} == 1`;

export const fleet = dashboard({
  uid: 'jtel-fleet',
  title: 'jtel: fleet',
  description: 'All stacks: how many are well, which are not, what runs on them.',
  panels: [
    number('Stacks', count(perStack('info'))),
    number(
      'Not available',
      count(`${perStack('available')} == 0 and on (namespace, name) (${expected})`),
      'short',
      1,
    ),
    number(
      'Not ready',
      count(`${perStack('ready')} == 0 and on (namespace, name) (${expected})`),
      'short',
      1,
    ),
    number('Hosts not reached', count(`${perStack('host_reachable')} == 0`), 'short', 1),
    number(
      'Backups not healthy',
      count(perStack('condition{condition="BackupHealthy",status="False"}')),
      'short',
      1,
    ),
    number(
      'Work under way',
      count('max by (namespace, name, type) (jtel_stack_operation_start_timestamp_seconds)'),
    ),
    table('Stacks', {
      Phase: ['max by (namespace, name, phase) (jtel_stack_phase)', 'short'],
      Available: [perStack('available'), 'short'],
      Ready: [perStack('ready'), 'short'],
      'Last backup': [asDate(perStack('last_backup_timestamp_seconds')), 'dateTimeFromNow'],
      'In phase since': [asDate(perStack('phase_start_timestamp_seconds')), 'dateTimeFromNow'],
      'Disk free': [perStack('host_disk_free_bytes'), 'bytes'],
      'Free part': [diskFreeRatio, 'percentunit'],
      'Certificate until': [asDate(perStack('certificate_end_timestamp_seconds')), 'dateTimeAsIso'],
    }),
    graph('Stacks by phase', {
      '{{phase}}': 'count by (phase) (max by (namespace, name, phase) (jtel_stack_phase))',
    }),
    graph('Stacks by release', {
      '{{version}} {{size}}':
        'count by (version, size) (max by (namespace, name, version, size) (jtel_stack_info))',
    }),
    graph(
      'Hosts with the least free part of the disk',
      { '{{namespace}}/{{name}}': `bottomk(10, ${diskFreeRatio})` },
      'percentunit',
    ),
    graph(
      'Certificates that end first',
      { '{{namespace}}/{{name}}': `bottomk(10, ${perStack('certificate_end_timestamp_seconds')} - time())` },
      's',
    ),
    graph('Changes in the histories, by outcome', {
      '{{action}} {{result}}':
        'sum by (action, result) (max by (namespace, name, action, result) (jtel_stack_changes))',
    }),
  ],
});
