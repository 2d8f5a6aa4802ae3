import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BriefEvents } from './brief-events.ts';
import type { EventDetails } from './event-recorder.ts';

const kind = { group: 'x.test', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true } as const;
const objectOf = (uid: string) => ({ metadata: { namespace: 'x', name: uid, uid } });

let told: string[];
let events: BriefEvents<EventDetails>;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  events = new BriefEvents<EventDetails>((_, { metadata }, { type, reason, note }) =>
    told.push(`${metadata?.name} ${type} ${reason}: ${note}`),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

function record(note: string, details: Partial<EventDetails> = {}, uid = 'a'): void {
  const reason = note.slice(0, 1);
  events.record(kind, objectOf(uid), { type: 'Normal', reason, action: 'Tell', note, ...details });
}

const isBrief = true;

describe('what is over in a moment', () => {
  it('is told with what follows, under its reason', () => {
    record('A.', { isBrief });
    record('B.', { isBrief });
    expect(told).toEqual([]);
    record('C.');
    record('D.');
    expect(told).toEqual(['a Normal C: A. B. C.', 'a Normal D: D.']);
  });

  it('is told by itself when nothing follows within five seconds, or when all that waits is asked for', () => {
    record('A.', { isBrief });
    vi.advanceTimersByTime(4_999);
    record('B.', { isBrief });
    vi.advanceTimersByTime(4_999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['a Normal B: A. B.']);
    record('C.', { isBrief });
    events.flush();
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual(['a Normal B: A. B.', 'a Normal C: C.']);
  });

  it('is told apart from other objects, from warnings, and from what has no room beside it', () => {
    record('A.', { isBrief });
    record('B.', {}, 'b');
    record('W.', { type: 'Warning' });
    const long = `L${'.'.repeat(890)}`;
    record('C........', { isBrief });
    record(long);
    expect(told).toEqual([
      'b Normal B: B.',
      'a Normal A: A.',
      'a Warning W: W.',
      `a Normal C: C........`,
      `a Normal L: ${long}`,
    ]);
  });
});
