import { describe, expect, it } from 'vitest';
import { read } from '../../backup-format/schema.ts';
import { loadID as loadIDSchema } from '../../jobs/values.ts';
import { decide, type Found } from '../marker.ts';
import { decideImport, finishedID } from './decision.ts';

const loadID = '6f1c0a4e-0000-4000-8000-000000000000-initial';
const asked = { loadID, source: { host: 'old', port: 3306 }, schemas: ['jtel', 'stats'] };

function found(state: 'loading' | 'loaded' | undefined, by = loadID): Found {
  const time = '2026-01-05T06:00:00.000Z';
  const marker = state === undefined ? undefined : { loadID: by, state, time };
  return { what: 'the database', marker, entries: state === undefined ? 0 : 3, examples: [] };
}

describe('an import', () => {
  it('begins in an empty database, and goes on with what the stack began', () => {
    expect(decideImport(found(undefined), asked)).toBe('Load');
    expect(decideImport(found('loading'), asked)).toBe('LoadAgain');
  });

  it('that has finished finds that, whatever the order of its schemas', () => {
    const done = found('loaded', finishedID(asked));
    expect(decideImport(done, { ...asked, schemas: ['stats', 'jtel'] })).toBe('Done');
  });

  it.each([
    ['from another server', { ...asked, source: { host: 'other', port: 3306 } }],
    ['from another port', { ...asked, source: { host: 'old', port: 3307 } }],
    ['of other schemas', { ...asked, schemas: ['jtel'] }],
  ])('%s does not take finished data for its own', (_, other) => {
    expect(() => decideImport(found('loaded', finishedID(asked)), other)).toThrow('is not empty (written by');
  });

  it('and vanilla data are not taken for each other', () => {
    expect(() => decide(found('loaded', finishedID(asked)), loadID)).toThrow('is not empty');
    expect(() => decideImport(found('loaded'), asked)).toThrow('is not empty');
  });

  it('has a mark that every job can read', () => {
    expect(read(loadIDSchema, finishedID(asked), 'the mark')).toBe(finishedID(asked));
  });
});
