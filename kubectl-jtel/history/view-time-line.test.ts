import { describe, expect, it } from 'vitest';
import type { Revision } from '../../controllers/stack/index.ts';
import { timeLineOf } from '../../insight/time-line.ts';
import { aStack, marked, now, pipe, terminal, widthOf } from '../view/testing.ts';
import { historyLines } from '../../insight/history.ts';
import { historyView } from './view.ts';
import { timeLineView } from './view-time-line.ts';

const update: Revision = {
  name: 'main-2',
  number: 2,
  spec: aStack('main').spec,
  time: '2026-03-01T01:00:00Z',
  attempt: {
    action: 'Update',
    startTime: '2026-03-01T01:00:05Z',
    from: { revision: 1, version: '3.43.1' },
  },
  steps: [
    { step: 'Backup', time: '2026-03-01T01:00:05.000Z' },
    { step: 'Pull', time: '2026-03-01T01:07:05.000Z' },
    { step: 'Containers', time: '2026-03-01T01:09:05.000Z' },
    { step: 'Health', time: '2026-03-01T01:10:35.000Z' },
  ],
  outcome: {
    result: 'Succeeded',
    time: '2026-03-01T01:11:00Z',
    stopTime: '2026-03-01T01:09:25Z',
    downtimeSeconds: 70,
  },
};
const { steps: _steps, outcome: _outcome, ...bare } = update;

describe('the steps of an update', () => {
  it('say where eleven minutes went', () => {
    const [head, , titles, ...rows] = timeLineView(timeLineOf(update, undefined, now), pipe);
    expect(head).toBe(
      'Revision 2: Update 3.43.1 → 3.43.2, Succeeded, took 10m, 5s after the new spec of 2026-03-01 01:00Z',
    );
    expect([titles, ...rows].map((row = '') => row.replace(/ *█+$/, '').split(/ +/))).toEqual([
      ['STEP', 'BEGAN', 'TOOK'],
      ['Look', '01:00:00Z', '5s'],
      ['Backup', '01:00:05Z', '7m'],
      ['Pull', '01:07:05Z', '2m'],
      ['Containers', '01:09:05Z', '1m30s'],
      ['Health', '01:10:35Z', '25s'],
      ['(down)', '01:09:25Z', '1m10s'],
    ]);
  });

  it('take whole seconds, which add up, and as long as the history says', () => {
    const odd: Revision = {
      ...update,
      steps: [
        { step: 'Backup', time: '2026-03-01T01:00:05.900Z' },
        { step: 'Pull', time: '2026-03-01T01:00:07.100Z' },
      ],
      outcome: { result: 'Succeeded', time: '2026-03-01T01:00:09Z' },
    };
    const { steps, seconds } = timeLineOf(odd, undefined, now);
    expect(steps.map((step) => step.seconds)).toEqual([5, 2, 2]);
    expect(seconds).toBe(9);
    const [head = ''] = timeLineView(timeLineOf(odd, undefined, now), pipe);
    const history = historyView(historyLines(aStack('main'), [odd]), pipe).join('\n');
    expect(/took (\w+)/.exec(head)?.[1]).toBe('4s');
    expect(history).toMatch(/Succeeded .* ago +4s/);
  });

  it('follow each other on one axis, to its end', () => {
    const line = timeLineOf(update, undefined, now);
    const whole = timeLineView(line, terminal);
    const rows = whole.slice(whole.findIndex((row) => row.startsWith('STEP')) + 1, -1);
    const bars = rows.map((row) => [row.indexOf('█'), row.lastIndexOf('█') + 1] as const);
    expect(bars.map(([begin]) => begin)).toEqual(bars.map(([begin]) => begin).toSorted((a, b) => a - b));
    const lengths = bars.map(([begin, end]) => end - begin);
    expect(Math.max(...lengths)).toBe(lengths[1]);
    expect(bars.at(-1)?.[1]).toBe(80);
    expect(widthOf(timeLineView(line, terminal))).toBeLessThanOrEqual(80);
    expect(timeLineView(line, marked).join('\n')).toMatch(/<red: *█+>/);
  });

  it('of one that goes on last until now, or until the next spec', () => {
    const steps = [{ step: 'Backup', time: '2026-03-01T02:59:00.000Z' }];
    const going = timeLineOf({ ...bare, steps }, undefined, now);
    expect(going).toMatchObject({
      seconds: 7200,
      steps: [{ step: 'Look' }, { step: 'Backup', seconds: 60 }],
    });
    expect(going).not.toHaveProperty('endTime');
    expect(timeLineView(going, pipe)[0]).toContain('under way');
    const next = { ...bare, number: 3, time: '2026-03-01T02:59:30Z' };
    expect(timeLineOf({ ...bare, steps }, next, now).steps[1]).toMatchObject({ seconds: 30 });
  });

  it('are one if none was recorded', () =>
    expect(timeLineOf({ ...bare }, undefined, now).steps.map(({ step }) => step)).toEqual(['Look']));
});
