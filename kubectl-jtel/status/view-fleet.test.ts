import { describe, expect, it } from 'vitest';
import type { JtelStack } from '../../crds/index.ts';
import { fleetView, type FleetOptions } from './view-fleet.ts';
import { aCondition, aStack, healthy, marked, pipe, terminal, widthOf } from '../view/testing.ts';

const usual: FleetOptions = { scope: 'Namespace', columns: 'Usual' };
const wide: FleetOptions = { scope: 'AllNamespaces', columns: 'Wide' };

const well = aStack('well', { phase: 'Ready', conditions: healthy, message: 'fine' });
const overdue = aStack('overdue', {
  phase: 'Ready',
  conditions: [...healthy, aCondition('BackupHealthy', 'False', 'BackupOverdue', 'too old')],
  message: 'fine',
});
const updating = aStack('updating', {
  phase: 'Updating',
  version: '3.43.1',
  message: 'pulling',
  operation: { id: '1', type: 'Update', progressPercent: 61 },
});
const stalled = aStack('stalled', {
  phase: 'Stalled',
  message: 'the key is wrong',
  conditions: [aCondition('Ready', 'False', 'HostKeyMismatch')],
});
const stopped = aStack('stopped', { phase: 'Stopped' });

function names(stacks: readonly JtelStack[]): string[] {
  return fleetView(stacks, usual, pipe)
    .slice(1)
    .map((line) => /(well|overdue|updating|stalled|stopped|a|b)\b/.exec(line)?.[0] ?? '');
}

describe('a fleet', () => {
  it('has the worst first, and what is well last', () => {
    expect(names([well, updating, stopped, overdue, stalled])).toEqual([
      'stalled',
      'overdue',
      'updating',
      'stopped',
      'well',
    ]);
  });

  it('has those that do not serve before all others, whatever else is wrong with those', () => {
    const available = (status: 'True' | 'False' | 'Unknown', reason: string) =>
      aCondition('Available', status, reason);
    const a = aStack('a', {
      phase: 'Degraded',
      componentsReady: '2/3',
      conditions: [available('False', 'ComponentsUnhealthy')],
    });
    const b = aStack('b', {
      phase: 'Stalled',
      componentsReady: '3/3',
      conditions: [aCondition('Ready', 'False', 'ReleaseNotFound'), available('True', 'Serving')],
    });
    const asWanted = {
      ...stopped,
      status: { ...stopped.status, conditions: [available('False', 'Stopped')] },
    };
    expect(names([asWanted, b, well, a])).toEqual(['a', 'b', 'stopped', 'well']);
    const lines = fleetView([a, b, well], usual, pipe);
    expect(lines.map((line) => /AVAILABLE|(yes|no) \d\/\d/.exec(line)?.[0])).toEqual([
      'AVAILABLE',
      'no 2/3',
      'yes 3/3',
      undefined,
    ]);
    expect(fleetView([a], usual, marked)[1]).toContain('<red:no 2/3>');
  });

  it('is ordered by name among those who are alike', () =>
    expect(names([aStack('b', { phase: 'Ready' }), aStack('a', { phase: 'Ready' })])).toEqual(['a', 'b']));

  it('says what is wrong with a stack that runs all the same', () => {
    expect(fleetView([overdue], usual, pipe)[1]).toContain('BackupHealthy: too old');
    expect(fleetView([overdue], usual, marked)[1]).toContain('<red:✘>');
  });

  it('shows from where to where an update goes, and how far it is', () => {
    expect(fleetView([updating], usual, pipe)[1]).toMatch(/3\.43\.1→3\.43\.2 +Updating.* 61 % pulling/);
  });

  it('has the namespace only where there are several', () => {
    expect(fleetView([well], usual, pipe)[0]).not.toContain('NAMESPACE');
    expect(fleetView([well], wide, pipe).join('\n')).toMatch(
      /NAMESPACE.*HOST.*\n.*acme +well.*192\.0\.2\.10/,
    );
  });

  it('fits 80 columns whatever it has to tell', () => {
    const talkative = aStack('a-name-of-forty-characters-is-the-longest', {
      phase: 'RollingBack',
      version: '3.43.1',
      componentsReady: '12/13',
      message: 'x '.repeat(200),
    });
    expect(
      widthOf(
        fleetView([talkative, well], { ...usual, scope: 'AllNamespaces' }, { ...terminal, width: 120 }),
      ),
    ).toBeLessThanOrEqual(120);
    expect(
      widthOf(fleetView([updating, overdue], { ...usual, scope: 'AllNamespaces' }, terminal)),
    ).toBeLessThanOrEqual(80);
  });
});
