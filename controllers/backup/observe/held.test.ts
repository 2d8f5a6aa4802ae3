/** When the turn of a scheduled backup comes. */
import { expect, test } from 'vitest';
import { ObjectStore } from '../../../runtime/cache/object-store.ts';
import type { JtelBackup } from '../../../crds/index.ts';
import { Places } from '../places/places.ts';
import { aBackup, aStack } from '../testing.ts';
import { heldBack } from './held.ts';

const places = new Places({
  bounds: { perStore: 1, inAll: 1 },
  unfinished: new ObjectStore<JtelBackup>().index(() => ['']),
  stackOf: () => undefined,
  wake: () => {},
});
const backup = aStack().spec.backup;
const stack = aStack({
  backup: {
    ...backup,
    storeRef: { name: 'backups' },
    schedule: '50 2 * * *',
    timeZone: 'Europe/Berlin',
    scheduleSpreadMinutes: 45,
  } as NonNullable<typeof backup>,
});

function heldAt(name: string, now: string): string {
  const one = aBackup(undefined, { trigger: 'Scheduled' }, { name: `main-${name}` });
  const held = heldBack(one, stack, places, new Date(now));
  return held === undefined ? 'Begins' : held.until;
}

// In the night of 29 March clocks go from 02:00 (01:00Z) to 03:00, so 02:50 means 03:50 (01:50Z).
test.each([
  ['that a cron asks for before the time, where clocks go forward, waits', '20260329', '01:10:00Z', 'Due'],
  ['that a cron asks for at the time waits for its moment', '20260329', '01:50:00Z', 'Due'],
  ['begins when its moment has come', '20260329', '02:36:00Z', 'Begins'],
  ['of a later night, which somebody asked for by hand, begins', '20260330', '01:10:00Z', 'Begins'],
])('a backup %s', (_, name, time, expected) => {
  expect(heldAt(name, `2026-03-29T${time}`)).toBe(expected);
});
