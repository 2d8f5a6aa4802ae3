/** Which test begins on which host: never more side by side than a host takes, and never more than fit on its disk. Pure. */
import type { DrillTest } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import type { SeenHost } from '../observe/observed.ts';
import { testName, type Standing } from './candidates.ts';

const gibibyte = 2 ** 30;

interface Room {
  readonly name: string;
  readonly parallel: number;
  /** Free on the disk beside what is kept free, in bytes. */
  readonly freeBytes: number;
  readonly tests: readonly DrillTest[];
}

export interface Begun {
  readonly tests: readonly DrillTest[];
  /** Those that fit on no host, even if nothing else runs there. */
  readonly tooBig: readonly Standing[];
}

/**
 * @param candidates in the order of their turns
 * @param running tests that are not proven to be over
 */
export function begin(
  candidates: readonly Standing[],
  hosts: readonly SeenHost[],
  running: readonly DrillTest[],
  now: Date,
): Begun {
  const rooms = hosts.flatMap((host) => roomOf(host, running));
  const tests: DrillTest[] = [];
  const tooBig: Standing[] = [];
  // One that waits for room holds its host: smaller ones that come later must not overtake it for ever.
  const held = new Set<string>();
  for (const candidate of candidates) {
    const on = (room: Room): readonly DrillTest[] => [
      ...room.tests,
      ...tests.filter(({ host }) => host === room.name),
    ];
    const left = (room: Room): number => room.freeBytes - sum(on(room));
    const fitting = rooms.filter((room) => room.freeBytes + sum(room.tests) >= candidate.bytes);
    const open = fitting
      .filter(({ name }) => !held.has(name))
      .filter((room) => on(room).length < room.parallel)
      .toSorted((a, b) => left(b) - left(a));
    const [best] = open;
    if (best !== undefined && left(best) >= candidate.bytes) tests.push(testOf(candidate, best.name, now));
    else if (fitting.length === 0 && rooms.length > 0) tooBig.push(candidate);
    else if (best !== undefined) held.add(best.name);
  }
  return { tests, tooBig };
}

/** None if nothing may begin there. What runs there may have filled its room or not: it counts as not yet. */
function roomOf({ spec, refusal, facts }: SeenHost, running: readonly DrillTest[]): readonly Room[] {
  if (refusal !== undefined || !facts.ok) return [];
  const { name, parallel, keepFreeGiB } = spec;
  return [
    {
      name,
      parallel,
      freeBytes: facts.value.diskFreeBytes - keepFreeGiB * gibibyte,
      tests: running.filter(({ host }) => host === name),
    },
  ];
}

function sum(tests: readonly DrillTest[]): number {
  return tests.reduce((bytes, test) => bytes + test.bytes, 0);
}

function testOf({ stack, backup, bytes }: Standing, host: string, now: Date): DrillTest {
  const { namespace, name } = stack.metadata;
  return {
    namespace,
    stack: name,
    backup: backup.metadata.name,
    restore: testName(backup),
    host,
    bytes,
    startTime: formatTime(now),
  };
}
