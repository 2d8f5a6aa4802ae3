import { describe, expect, it } from 'vitest';
import type { StackRow } from '../../protocol.ts';
import { noFilter, type FacetKey, type Filter, type SortKey } from './route.ts';
import { facetCounts, filtered, sorted, toggled } from './select.ts';

function row(name: string, other: Partial<StackRow> = {}): StackRow {
  return {
    key: `acme/${name}`,
    namespace: 'acme',
    name,
    labels: {},
    version: '3.43.2',
    wantedVersion: '3.43.2',
    size: 'Small',
    host: '192.0.2.1',
    urgency: 9,
    verdict: 'Good',
    phase: 'Ready',
    message: 'All is well.',
    createdTime: '2026-01-01T00:00:00Z',
    wantsBackups: true,
    ...other,
  };
}

const names = (rows: readonly StackRow[]): string[] => rows.map(({ name }) => name);
const by = (text: string, facets: Partial<Record<FacetKey, string>> = {}): Filter => ({
  text,
  facets: { ...noFilter.facets, ...facets },
});
const order = (rows: readonly StackRow[], key: SortKey, isDescending = false): string[] =>
  names(sorted(rows, { key, isDescending }));

describe('a filter', () => {
  const rows = [
    row('a', { message: 'Waits for the Database.', labels: { tier: 'gold' } }),
    row('b', { phase: 'Updating', version: '3.42.0', namespace: 'other', key: 'other/b' }),
    row('c', { verdict: 'Bad', labels: { tier: 'silver' } }),
  ];

  it('wants every word, in any letters', () => {
    expect(names(filtered(rows, by('DATABASE acme')))).toEqual(['a']);
    expect(names(filtered(rows, by('database other')))).toEqual([]);
  });
  it('looks at labels too', () => expect(names(filtered(rows, by('tier=gold')))).toEqual(['a']));
  it('wants every facet that has a value', () => {
    expect(names(filtered(rows, by('', { phase: 'Updating', namespace: 'other' })))).toEqual(['b']);
    expect(names(filtered(rows, by('', { phase: 'Updating', namespace: 'acme' })))).toEqual([]);
    expect(names(filtered(rows, by('', { label: 'tier=silver' })))).toEqual(['c']);
    expect(names(filtered(rows, by('', { version: '3.42.0' })))).toEqual(['b']);
  });
  it('without words and facets leaves everything', () => expect(filtered(rows, noFilter)).toBe(rows));
  it('lets a facet go when it is chosen again', () => {
    const once = toggled(noFilter, 'verdict', 'Bad');
    expect(once.facets.verdict).toBe('Bad');
    expect(toggled(once, 'verdict', 'Bad')).toEqual(noFilter);
  });
  it('counts the values to choose from', () =>
    expect([...facetCounts(rows, 'phase')]).toEqual([
      ['Ready', 2],
      ['Updating', 1],
    ]));
});

describe('the order of stacks', () => {
  it('is by urgency, then by key', () =>
    expect(order([row('b'), row('c', { urgency: 1 }), row('a')], 'urgency')).toEqual(['c', 'a', 'b']));
  it('of versions is that of numbers', () =>
    expect(order([row('new', { version: '3.43.10' }), row('old', { version: '3.43.9' })], 'version')).toEqual(
      ['old', 'new'],
    ));
  it('has those first that serve least', () =>
    expect(
      order(
        [
          row('whole', { available: true, componentsReady: '9/9' }),
          row('none', { available: false, componentsReady: '0/9' }),
          row('half', { available: false, componentsReady: '5/9' }),
        ],
        'up',
      ),
    ).toEqual(['none', 'half', 'whole']));
  it('has those without a backup before the oldest backup', () =>
    expect(
      order([row('yes', { recoveryPoint: { time: '2026-11-01T00:00:00Z' } }), row('no')], 'backup'),
    ).toEqual(['no', 'yes']));
  it('can be turned round', () => expect(order([row('a'), row('b')], 'name', true)).toEqual(['b', 'a']));
});
