import { describe, expect, it } from 'vitest';
import type { RecordedStep, Revision } from '../desired/revisions.ts';
import type { Plan, Step } from '../model.ts';
import { aStack, now } from '../testing.ts';
import { stepsOf, type Work } from './time-line.ts';

const at = (seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();
const step = (name: string, seconds: number): RecordedStep => ({ step: name, time: at(seconds) });

function revision(changes: Partial<Revision> = {}): Revision {
  return { name: 'main-2', number: 2, spec: aStack().spec, time: at(0), ...changes };
}

function work(planned: Step, seconds: number, changes: Partial<Work> = {}): Work {
  const plan = { kind: 'Wait', step: planned } as Plan;
  return { plan, updatesData: false, now: new Date(at(seconds)), ...changes };
}

describe('the steps of a change', () => {
  it('begin when a look first sees them', () => {
    const first = stepsOf(revision(), [], work('Backup', 2)) ?? [];
    expect(first).toEqual([step('Backup', 2)]);
    expect(stepsOf(revision({ steps: first }), [], work('Backup', 60))).toEqual(first);
    expect(stepsOf(revision({ steps: first }), [], work('Health', 90))).toEqual([
      ...first,
      step('Health', 90),
    ]);
  });

  it('include what a wave worked on meanwhile, once', () => {
    const recorded = [step('Backup', 2), step('Apply', 60)];
    const running = { step: 'Apply', action: 'PullImages' } as const;
    const seen = stepsOf(revision({ steps: recorded }), [], work('Apply', 61, { running })) ?? [];
    expect(seen).toEqual([...recorded, step('Pull', 61)]);
    expect(stepsOf(revision({ steps: recorded }), seen, work('Health', 300))).toEqual([
      ...recorded,
      step('Pull', 61),
      step('Health', 300),
    ]);
  });

  it('go on after a restart from what was recorded', () =>
    expect(stepsOf(revision({ steps: [step('Backup', 2)] }), [], work('Backup', 500))).toEqual([
      step('Backup', 2),
    ]));

  it.each([
    ['pulling', 'PullImages', false, 'Pull'],
    ['starting containers', 'ApplyRelease', false, 'Containers'],
    ['starting containers, while the data are updated', 'ApplyRelease', true, 'DataUpdate'],
    ['something short', 'NoteAttempt', false, 'Apply'],
    ['recording the spec', 'RecordRevision', false, 'Window'],
  ] as const)('call %s what it is', (_, action, updatesData, name) => {
    const running = { step: 'Apply', action };
    expect(stepsOf(revision(), [], work('Window', 1, { running, updatesData }))).toEqual([step(name, 1)]);
  });

  it('of an update that compose does not wait for are told apart as well', () =>
    expect(stepsOf(revision(), [], work('Health', 1, { updatesData: true }))).toEqual([
      step('DataUpdate', 1),
    ]));

  it('end with the outcome, but go on while it is taken back', () => {
    const ended = { outcome: { result: 'Succeeded', time: at(9) } } as const;
    expect(stepsOf(revision(ended), [], work('Repair', 10))).toBeUndefined();
    const back = { outcome: { result: 'RollingBack', time: at(9) } } as const;
    expect(stepsOf(revision(back), [], work('WayBack', 10))).toEqual([step('WayBack', 10)]);
  });

  it('are no more than anybody reads', () => {
    let steps: readonly RecordedStep[] = [];
    for (let second = 0; second < 200; second++)
      steps = stepsOf(revision({ steps }), [], work(second % 2 === 0 ? 'Health' : 'Apply', second)) ?? [];
    expect(steps).toHaveLength(40);
    expect(JSON.stringify(steps).length).toBeLessThan(4000);
  });
});
