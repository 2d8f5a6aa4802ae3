import { describe, expect, it } from 'vitest';
import { fleetReport } from '../../insight/fleet.ts';
import { aStack, healthy, marked, now, pipe, terminal, widthOf } from '../view/testing.ts';
import { fleetReportView } from './view.ts';

const stacks = [
  ...Array.from({ length: 40 }, (_, index) =>
    aStack(`well-${index}`, {
      phase: 'Ready',
      componentsReady: '8/8',
      conditions: healthy,
      version: '3.43.2',
      host: { os: 'Debian 13', diskFreeBytes: 50e9, diskTotalBytes: 100e9, dockerVersion: '29.1.0' },
    }),
  ),
  ...Array.from({ length: 12 }, (_, index) =>
    aStack(`full-${index}`, {
      phase: 'Degraded',
      version: '3.43.1',
      targetVersion: '3.43.2',
      host: { diskFreeBytes: 2e9, diskTotalBytes: 100e9 },
    }),
  ),
];
const report = fleetReport(stacks, { now, certificateDays: 30 });

describe('the answers about a fleet', () => {
  it('name those that want attention, and count the others', () => {
    const lines = fleetReportView(report, 'Some', pipe);
    expect(lines[0]).toBe('52 stacks');
    expect(lines.find((line) => line.includes('✔  available'))).toMatch(/ 40$/);
    expect(lines.find((line) => line.includes('less than 10 % free'))).toMatch(
      /✘ {2}less than 10 % free +12 {2}acme\/full-0 \(2 % \(\d.* free\), acme\/full-1/,
    );
    expect(lines.find((line) => line.includes('3.43.1'))).toContain('acme/full-0 (→ 3.43.2)');
    expect(lines.join('\n')).not.toContain('well-');
  });

  it('leave out a question that is about nobody', () =>
    expect(fleetReportView(report, 'Some', pipe).join('\n')).not.toContain('CERTIFICATES'));

  it('name everybody when asked for all', () =>
    expect(fleetReportView(report, 'All', terminal).join('\n')).toContain('acme/well-39'));

  it('fit 80 columns, in colours of their verdict', () => {
    expect(widthOf(fleetReportView(report, 'Some', terminal))).toBeLessThanOrEqual(80);
    expect(fleetReportView(report, 'Some', marked).join('\n')).toContain('<red:✘>  not available');
  });
});
