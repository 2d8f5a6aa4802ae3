import { describe, expect, it } from 'vitest';
import type { Calendar } from './calendar.ts';
import { marked, pipe, terminal, widthOf } from '../view/testing.ts';
import { calendarView } from './view.ts';

const many = Array.from({ length: 30 }, (_, index) => ({ namespace: `customer-${index}`, name: 'main' }));
const calendar: Calendar = {
  windows: [
    {
      opens: new Date('2026-03-01T01:00:00Z'),
      closes: new Date('2026-03-01T04:00:00Z'),
      stacks: [{ namespace: 'acme', name: 'main', waitingFor: '3.43.2' }],
    },
    { opens: new Date('2026-03-01T22:00:00Z'), closes: new Date('2026-03-02T02:00:00Z'), stacks: many },
  ],
  anyTime: [{ namespace: 'beta', name: 'main' }],
  later: [{ namespace: 'gamma', name: 'main' }],
  invalid: [{ namespace: 'delta', name: 'main', timeZone: 'Mars/Olympus' }],
};
const options = { days: 7, timeZone: 'Europe/Berlin', names: 'Some' } as const;

describe('a calendar of update windows on a terminal', () => {
  it('has all times in one time zone', () => {
    const lines = calendarView(calendar, options, pipe);
    expect(lines[0]).toBe('Times in Europe/Berlin');
    expect(lines[3]).toMatch(/^open now +05:00 +1 {2}acme\/main \(waits for it: 3\.43\.2\)$/);
    expect(lines[4]).toMatch(/^Sun 2026-03-01 23:00 {2}Mon 2026-03-02 03:00 +30 {2}customer-0\/main/);
    expect(lines.slice(5)).toEqual([
      expect.stringMatching(/^at any time +1 {2}beta\/main$/),
      expect.stringMatching(/^after 7 days +1 {2}gamma\/main$/),
      expect.stringMatching(/^never +1 {2}delta\/main: no time zone Mars\/Olympus is known$/),
    ]);
  });

  it('fits 80 columns, or names everybody', () => {
    expect(widthOf(calendarView(calendar, options, terminal))).toBeLessThanOrEqual(80);
    expect(calendarView(calendar, { ...options, names: 'All' }, terminal).join('\n')).toContain(
      'customer-29/main',
    );
  });

  it('marks what is open now', () =>
    expect(calendarView(calendar, options, marked).join('\n')).toContain('<green:open now>'));
});
