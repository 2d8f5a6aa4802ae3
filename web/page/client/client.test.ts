/** The parts of the page that only compute. What a browser makes of them is in test/integration/web. */
import { describe, expect, it } from 'vitest';
import type { StackRow } from '../../protocol.ts';
import { byUrgency, formatRoute, noFilter, parseRoute, stacksOf, type Route } from './route.ts';
import { stripBackground, stripSentence } from './strip.ts';
import { parseVisible, visible } from './text.ts';
import { exact, relative, took } from './times.ts';
import { applied, type Known } from './updates.ts';
import { scrolledTo, windowOf } from './window.ts';

describe('an address', () => {
  const routes: readonly Route[] = [
    { view: 'Stacks', filter: noFilter, sort: byUrgency },
    {
      view: 'Stacks',
      filter: { text: 'a & b=c #d', facets: { ...noFilter.facets, label: 'tier=gold', verdict: 'Bad' } },
      sort: { key: 'version', isDescending: true },
    },
    { view: 'Stack', key: 'acme/main' },
    { view: 'Stack', key: 'arn:aws:eks:eu:1:cluster/prod/acme/main' },
    { view: 'Stores', text: 'ä ö' },
  ];
  it.each(routes)('leads back to what is shown: $view', (route) =>
    expect(parseRoute(formatRoute(route))).toEqual(route),
  );
  it.each(['', '#', '#/', '#nonsense', '#/stacks', '#/stacks?sort=nothing', '#/%E0%A4%A'])(
    'that nobody made is the list: %s',
    (hash) => expect(parseRoute(hash)).toEqual(routes[0]),
  );
  it('of a namespace has its stacks', () =>
    expect(parseRoute(stacksOf('a/b'))).toMatchObject({ filter: { facets: { namespace: 'a/b' } } }));
});

describe('the window of a long list', () => {
  it('has the rows in sight and some around', () => {
    const { from, to } = windowOf({ top: 3200, height: 320 }, 32, 1000);
    expect(from).toBeLessThan(100);
    expect(to).toBeGreaterThan(110);
    expect(to - from).toBeLessThan(40);
  });
  it('begins and ends with the list', () => {
    expect(windowOf({ top: 0, height: 320 }, 32, 3)).toEqual({ from: 0, to: 3 });
    expect(windowOf({ top: 9e6, height: 320 }, 32, 1000).to).toBe(1000);
    expect(windowOf({ top: 500, height: 320 }, 32, 0)).toEqual({ from: 0, to: 0 });
  });
  it('moves as little as a row needs', () => {
    const sight = { top: 100, height: 320 };
    expect(scrolledTo(5, sight, 32)).toBe(100);
    expect(scrolledTo(0, sight, 32)).toBe(0);
    expect(scrolledTo(20, sight, 32)).toBe(21 * 32 - 320);
  });
});

describe('a strip of days', () => {
  it('is one stretch for equal days', () =>
    expect(stripBackground('v'.repeat(30))).toBe(
      'linear-gradient(90deg, var(--day) 0% 100%) 0 100% / 100% 100% no-repeat',
    ));
  it('has a height for each kind of day', () => {
    const layers = stripBackground('vofn').split(/, (?=linear)/);
    expect(layers.map((layer) => /\/ 100% (\d+)%/.exec(layer)?.[1])).toEqual(['100', '62', '30', '12']);
  });
  it('is a sentence too', () =>
    expect(stripSentence({ days: '--vvf', lastDay: '2026-11-29' })).toBe(
      'Backups of 5 days until 2026-11-29: 2 verified, 1 failed (2026-11-29), 2 before the stack existed',
    ));
});

describe('a text from outside', () => {
  it('shows what would be invisible', () => {
    expect(visible('\u001b[31mred\u0007')).toBe('␛[31mred␇');
    expect(visible('a\u202egpj.exe')).toBe('a\ufffdgpj.exe');
    expect(visible('two\nlines\tÄ €😀')).toBe('two\nlines\tÄ €😀');
  });
  it('is made visible wherever it is in an answer', () => {
    const hostile = { a: ['\u001b[2J', { b: 'x\u2066y' }], n: 1 };
    expect(parseVisible(JSON.stringify(hostile))).toEqual({ a: ['␛[2J', { b: 'x\ufffdy' }], n: 1 });
  });
});

it('times are told as people say them', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  expect(relative('2026-11-29T02:00:00Z', now)).toBe('10h ago');
  expect(relative('2026-12-01T12:00:00Z', now)).toBe('in 2d');
  expect(relative('2026-11-29T12:00:00.5Z', now)).toBe('now');
  expect(relative('soon', now)).toBe('');
  expect(exact('2026-11-29T12:00:05.123Z')).toBe('2026-11-29 12:00:05 UTC');
  expect(took('2026-11-29T12:00:00Z', '2026-11-29T12:07:00Z')).toBe('7m');
});

describe('what the stream tells', () => {
  const stack = (key: string, message = ''): StackRow => ({ key, message }) as StackRow;
  const known: Known = {
    stacks: new Map([['a', stack('a')]]),
    stores: new Map(),
    about: undefined,
    isWhole: true,
  };
  const snapshot = (isFirst: boolean, isLast: boolean, stacks: readonly StackRow[]) =>
    ({ kind: 'Snapshot', part: { isFirst, isLast, stacks, stores: [] } }) as const;

  it('replaces everything by a snapshot, whole with its last part', () => {
    const half = applied(known, [snapshot(true, false, [stack('b')])]);
    expect([[...half.stacks.keys()], half.isWhole]).toEqual([['b'], false]);
    const whole = applied(half, [snapshot(false, true, [stack('c')])]);
    expect([[...whole.stacks.keys()], whole.isWhole]).toEqual([['b', 'c'], true]);
  });
  it('is taken in its order', () => {
    const { stacks } = applied(known, [
      { kind: 'Changed', changed: { stacks: [stack('a', 'new'), stack('b')] } },
      { kind: 'Removed', removed: { stacks: ['b'] } },
    ]);
    expect([...stacks.values()]).toEqual([stack('a', 'new')]);
  });
  it('leaves what was known as it was', () => {
    applied(known, [{ kind: 'Removed', removed: { stacks: ['a'] } }]);
    expect(known.stacks.size).toBe(1);
  });
});
