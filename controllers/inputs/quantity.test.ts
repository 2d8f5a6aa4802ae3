import { expect, it } from 'vitest';
import { parseCPUs, parseMemoryMiB } from './quantity.ts';

it.each([
  ['2', '2'],
  ['500m', '0.5'],
  [2, '2'],
  ['1.5', '1.5'],
  ['-1', undefined],
  ['0', undefined],
  ['$(id)', undefined],
])('CPUs %s → %s', (quantity, cpus) => expect(parseCPUs(quantity)).toBe(cpus));

it.each([
  ['512Mi', 512],
  ['1Gi', 1024],
  ['1G', 954],
  ['1Xi', undefined],
  ['', undefined],
])('memory %s → %s MiB', (quantity, mebibytes) => expect(parseMemoryMiB(quantity)).toBe(mebibytes));
