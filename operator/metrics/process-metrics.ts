/** What this process is and uses, under the names that every Prometheus dashboard knows, and its release. */
import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import packageFile from '../../package.json' with { type: 'json' };
import type { MetricFamily } from '../../runtime/report/metrics.ts';

/** Prefix of the names of what the runtime counts. */
export const runtimePrefix = 'jtel_operator_';

const families = {
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time that this process took',
    labelNames: [],
  },
  memory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory that this process takes',
    labelNames: [],
  },
  start: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When this process started',
    labelNames: [],
  },
  build: {
    name: 'jtel_operator_build_info',
    type: 'gauge',
    help: 'Always 1; release of the operator, and of Node',
    labelNames: ['version', 'node_version'],
  },
} as const;

export const processMetricFamilies: readonly MetricFamily[] = Object.values(families);

export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const cpu: Counter = new Counter({
    ...families.cpu,
    registers,
    collect: () => {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
    },
  });
  const memory: Gauge = new Gauge({
    ...families.memory,
    registers,
    collect: () => memory.set(process.memoryUsage.rss()),
  });
  new Gauge({ ...families.start, registers }).set(performance.timeOrigin / 1000);
  new Gauge({ ...families.build, registers }).set(
    { version: packageFile.version, node_version: process.versions.node },
    1,
  );
}
