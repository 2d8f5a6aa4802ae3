/** The operator itself. */
import { dashboard, graph, number } from './panels.ts';

const rate = (metric: string, by: string): string =>
  `sum by (${by}) (rate(jtel_operator_${metric}[$__rate_interval]))`;
const slowest = (metric: string, by: string): string =>
  `histogram_quantile(0.95, sum by (${by}, le) (rate(jtel_operator_${metric}_bucket[$__rate_interval])))`;
/** Of its processes, not of others that Prometheus scrapes. */
const ofOperators = (metric: string): string => `${metric} and on (instance) jtel_operator_build_info`;

export const operator = dashboard({
  uid: 'jtel-operator',
  title: 'jtel: operator',
  description: 'Whether the operator works and keeps up, and what it takes.',
  panels: [
    number('Processes', 'count(jtel_operator_build_info)'),
    number('Leaders', 'sum(jtel_operator_leader)'),
    number('Objects that wait', 'sum(jtel_operator_queue_depth{line=~"Asked|Periodic"})', 'short', 50),
    number(
      'Failed looks, last hour',
      '(sum(increase(jtel_operator_reconciles_total{outcome="error"}[1h])) or vector(0))',
      'short',
      10,
    ),
    number('Objects in caches', 'sum(max by (kind) (jtel_operator_cached_objects))'),
    number(
      'Watches that broke, last hour',
      '(sum(increase(jtel_operator_watch_restarts_total[1h])) or vector(0))',
    ),
    graph(
      'Looks',
      { '{{controller}} {{outcome}}': rate('reconciles_total', 'controller, outcome') },
      'reqps',
    ),
    graph(
      'Duration of looks, 95 %',
      { '{{controller}}': slowest('reconcile_duration_seconds', 'controller') },
      's',
    ),
    graph('Objects that wait', {
      '{{controller}} {{line}}': 'sum by (controller, line) (jtel_operator_queue_depth)',
    }),
    graph(
      'Calls of the Kubernetes API',
      { '{{method}} {{code}}': rate('api_calls_total', 'method, code') },
      'reqps',
    ),
    graph(
      'Duration of these calls, 95 %',
      { '{{method}}': slowest('api_call_duration_seconds', 'method') },
      's',
    ),
    graph('Leader', { '{{instance}} {{lease}}': 'jtel_operator_lease_held' }),
    graph('Memory', { '{{instance}}': ofOperators('process_resident_memory_bytes') }, 'bytes'),
    graph(
      'Processor',
      { '{{instance}}': ofOperators('rate(process_cpu_seconds_total[$__rate_interval])') },
      'percentunit',
    ),
  ],
});
