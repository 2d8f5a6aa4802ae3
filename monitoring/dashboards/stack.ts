/** One customer. */
import { asDate, dashboard, graph, number, table } from './panels.ts';

const chosen = 'namespace="$namespace",name="$stack"';
const of = (metric: string, labels = ''): string => `max(jtel_stack_${metric}{${chosen}${labels}})`;
const by = (label: string, metric: string): string => `max by (${label}) (jtel_stack_${metric}{${chosen}})`;

export const stack = dashboard({
  uid: 'jtel-stack',
  title: 'jtel: one stack',
  description: 'One stack: is it well, what is being done, what is its host like.',
  variables: {
    namespace: 'label_values(jtel_stack_info, namespace)',
    stack: 'label_values(jtel_stack_info{namespace="$namespace"}, name)',
  },
  panels: [
    number('Not available', `1 - ${of('available')}`, 'short', 1),
    number('Containers healthy', of('components_healthy')),
    number('Containers wanted', of('components_wanted')),
    number('In this phase since', asDate(of('phase_start_timestamp_seconds')), 'dateTimeFromNow'),
    number('Disk free', of('host_disk_free_bytes'), 'bytes'),
    number(
      'Part of the disk that is free',
      `${of('host_disk_free_bytes')} / ${of('host_disk_size_bytes')}`,
      'percentunit',
    ),
    number('Certificate ends', asDate(of('certificate_end_timestamp_seconds')), 'dateTimeFromNow'),
    number('Last backup', asDate(of('last_backup_timestamp_seconds')), 'dateTimeFromNow'),
    number('Last update took', of('last_update_duration_seconds'), 's'),
    table('Conditions', {
      'It is so': [by('condition, status, reason', 'condition'), 'short'],
    }),
    table('Since when', {
      Since: [asDate(by('condition', 'condition_last_transition_timestamp_seconds')), 'dateTimeAsIso'],
    }),
    graph('Available, ready, reached', {
      available: of('available'),
      ready: of('ready'),
      'host reached': of('host_reachable'),
      drifted: of('drifted'),
    }),
    graph('Containers', { healthy: of('components_healthy'), wanted: of('components_wanted') }),
    graph('Restarts by Docker', { restarts: of('container_restarts') }),
    graph('Disk', { free: of('host_disk_free_bytes'), size: of('host_disk_size_bytes') }, 'bytes'),
    graph('Phase', { '{{phase}}': by('phase', 'phase') }),
    graph('Down time by month', { '{{month}}': by('month', 'down_seconds') }, 's'),
    graph('Downtime of the last update', { downtime: of('last_update_downtime_seconds') }, 's'),
  ],
});
