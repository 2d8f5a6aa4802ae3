/** The table at the end of a benchmark run. */
import type { Measurement } from './measure.ts';
import { formatValue, sampleOf } from './statistics.ts';

/** Plain text in aligned columns; under each benchmark its verdict and peers. */
export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.flatMap(({ result, product, verdict }) => [
    [
      result.name,
      `${formatValue(product.median)} ${result.unit}`,
      span(result.runs),
      result.met ? 'met' : 'NOT MET',
      verdict.because,
    ],
    ...result.peer.map((peer) =>
      peer.runs === undefined
        ? [`  ${peer.name}`, '–', '', '', peer.missing ?? '']
        : [`  ${peer.name}`, `${formatValue(peer.value ?? 0)} ${result.unit}`, span(peer.runs), '', ''],
    ),
  ]);
  const all = [['benchmark', 'median', 'min – max', 'goal', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function span(runs: readonly number[]): string {
  const { min, max } = sampleOf(runs);
  return `${formatValue(min)} – ${formatValue(max)}`;
}
