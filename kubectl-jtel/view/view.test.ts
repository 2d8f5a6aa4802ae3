import { expect, it } from 'vitest';
import { plain, printableInColour } from './paint.ts';
import { progressBar } from './paint.ts';
import { moment, span } from '../../base/time.ts';

it('a log keeps its colours and nothing else', () =>
  expect(printableInColour('\u001b[31mred\u001b[0m\u001b[1A')).toBe('\u001b[31mred\u001b[0m^[[1A'));

it.each([
  [5, '5s'],
  [125, '2m5s'],
  [660, '11m'],
  [3600 * 3 + 60 * 20, '3h20m'],
  [3600 * 27, '1d3h'],
  [86_400 * 30, '30d'],
  [-4, '0s'],
])('%d seconds are %s', (seconds, text) => expect(span(seconds)).toBe(text));

it('tells moments of the past and of the future apart', () => {
  const now = new Date('2026-03-01T03:00:00Z');
  expect(moment('2026-03-01T02:00:00Z', now)).toBe('2026-03-01 02:00Z (1h ago)');
  expect(moment('2026-03-02T04:00:00Z', now)).toBe('2026-03-02 04:00Z (in 1d1h)');
  expect(moment(undefined, now)).toBe('');
});

it('a bar has its number and never overflows', () => {
  expect(progressBar(50, 4, plain)).toBe('██░░  50 %');
  expect(progressBar(140, 4, plain)).toBe('████ 100 %');
  expect(progressBar(-1, 4, plain)).toBe('░░░░   0 %');
});
