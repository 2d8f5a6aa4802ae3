import { expect, test } from 'vitest';
import { cpuMillicores, memoryMiB } from './quantity.ts';

test.each([
  [2, 2000],
  ['2', 2000],
  ['1.5', 1500],
  ['0.25', 250],
  ['500m', 500],
])('%o processor cores are %i thousandths', (quantity, millicores) => {
  expect(cpuMillicores(quantity)).toBe(millicores);
});

test.each(['', 'm', '-1', '1.5m', '1e3', ' 1', '1\n'])('%o is not a number of processor cores', (quantity) => {
  expect(() => cpuMillicores(quantity)).toThrow('write 2, "1.5" or 500m');
});

test.each([
  ['512Mi', 512],
  ['4Gi', 4096],
])('%s is %i MiB', (quantity, mebibytes) => {
  expect(memoryMiB(quantity)).toBe(mebibytes);
});

test.each(['', '4', '4G', '1.5Gi', '4Gi\n'])('%o is not an amount of memory', (quantity) => {
  expect(() => memoryMiB(quantity)).toThrow('write 512Mi or 4Gi');
});
