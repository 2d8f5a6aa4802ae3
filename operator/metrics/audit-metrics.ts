/** Whether the audit log is whole. */
import { Counter, type Registry } from '@prometheus-io/client';
import type { MetricFamily } from '../../runtime/report/metrics.ts';

const lost = {
  name: 'jtel_audit_lines_lost_total',
  type: 'counter',
  help: 'Audit lines that could not be written since this process started',
  labelNames: [],
} as const;

export const auditMetricFamilies: readonly MetricFamily[] = [lost];

/** @returns what counts lost lines */
export function auditLostMetric(registry: Registry): (lines: number) => void {
  const counter = new Counter({ ...lost, registers: [registry] });
  return (lines) => counter.inc(lines);
}
