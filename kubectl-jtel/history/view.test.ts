import { describe, expect, it } from 'vitest';
import type { Revision } from '../../controllers/stack/index.ts';
import type { HistoryEntry } from '../../crds/index.ts';
import { historyLines } from '../../insight/history.ts';
import { historyView } from './view.ts';
import { aStack, pipe, terminal, widthOf } from '../view/testing.ts';

const { spec } = aStack('main');
const first: Revision = {
  name: 'main-1',
  number: 1,
  spec: { ...spec, version: '3.43.1' },
  time: '2026-02-01T00:00:00Z',
  changedBy: 'argocd-controller',
  sourceRevision: '8f3a9c1d2e7b4a',
  attempt: { action: 'Install', startTime: '2026-02-01T00:00:00Z' },
  outcome: { result: 'Succeeded', time: '2026-02-01T00:12:00Z' },
};
const second: Revision = {
  name: 'main-2',
  number: 2,
  spec,
  time: '2026-03-01T01:00:00Z',
  attempt: {
    action: 'Update',
    startTime: '2026-03-01T01:00:00Z',
    failure: { reason: 'HealthGateFailed', message: 'acd-web-1 is unhealthy', time: '2026-03-01T01:30:00Z' },
  },
  outcome: {
    result: 'RolledBack',
    time: '2026-03-01T01:30:00Z',
    backTime: '2026-03-01T01:40:00Z',
    downtimeSeconds: 95,
    backTo: 1,
  },
};

function lines(
  revisions: readonly Revision[],
  history: readonly HistoryEntry[] = [],
  revision = 1,
): string[] {
  return historyView(historyLines(aStack('main', { history, revision }), revisions), pipe);
}

describe('a history', () => {
  it('tells what was done, newest first, from where and by whom', () => {
    const [head, ...rows] = lines([first, second]);
    expect(head).toMatch(/REVISION +VERSION +ACTION +RESULT +WHEN +TOOK +DOWN +SOURCE +BY +MESSAGE/);
    expect(rows[0]).toMatch(/2 +3\.43\.2 +Update +RolledBack +2h ago +40m +1m35s +acd-web-1 is unhealthy$/);
    expect(rows[1]).toMatch(
      /1 +3\.43\.1 +Install +Succeeded +28d ago +12m +8f3a9c1d2e7b +argocd-controller$/,
    );
  });

  it('tells commit, change and backup of a change in one line', () => {
    const { attempt } = second;
    const backedUp = {
      ...second,
      ...(attempt && { attempt: { ...attempt, backupRef: 'main-before-2' } }),
    };
    const told = historyView(
      historyLines(aStack('main'), [first, backedUp], '0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f708192'),
      pipe,
    );
    expect(told[0]).toMatch(/SOURCE +BACKUP +BY/);
    expect(told[1]).toMatch(/2 +3\.43\.2 +Update +RolledBack .* 0b1c2d3e4f5a +main-before-2 /);
    // What applied the older one is not known any more; its annotation is.
    expect(told[2]).toMatch(/ 8f3a9c1d2e7b /);
  });

  it('marks what runs', () =>
    expect(lines([first, second]).filter((line) => line.startsWith('▶'))).toEqual([
      expect.stringContaining('3.43.1'),
    ]));

  it('shows a spec that was only just accepted as under way', () => {
    const { attempt: _attempt, outcome: _outcome, ...fresh } = second;
    expect(lines([first, fresh])[1]).toContain('under way');
  });

  it('says so of a spec that cannot begin', () => {
    const { attempt: _attempt, outcome: _outcome, ...fresh } = second;
    const condition = { type: 'Stalled', status: 'True', reason: 'ReleaseNotFound', message: 'no.' } as const;
    const stack = aStack('main', {
      revision: 1,
      conditions: [{ ...condition, lastTransitionTime: '2026-03-01T01:00:00Z' }],
    });
    const [, newest, older] = historyView(historyLines(stack, [first, fresh]), pipe);
    expect(newest).toContain('stalled');
    expect(older).toContain('Succeeded');
  });

  it('keeps what the status says of revisions that are gone, and of work that made none', () => {
    const moved: HistoryEntry = {
      revision: 1,
      version: '3.43.1',
      action: 'Relocate',
      result: 'Succeeded',
      startTime: '2026-02-20T00:00:00Z',
    };
    expect(
      lines([first], [moved])
        .slice(1)
        .map((line) => /Relocate|Install/.exec(line)?.[0]),
    ).toEqual(['Relocate', 'Install']);
  });

  it('counts an entry and its revision as one', () => {
    const entry: HistoryEntry = {
      revision: 1,
      version: '3.43.1',
      action: 'Install',
      result: 'Succeeded',
      startTime: '2026-02-01T00:00:00Z',
    };
    expect(lines([first], [entry])).toHaveLength(2);
  });

  it('leaves out columns that nobody needs, and fits 80 columns', () => {
    const { sourceRevision: _, changedBy: __, ...plainFirst } = first;
    expect(lines([plainFirst])[0]).not.toMatch(/SOURCE|BY|DOWN|MESSAGE/);
    expect(widthOf(historyView(historyLines(aStack('main'), [first, second]), terminal))).toBeLessThanOrEqual(
      80,
    );
  });
});
