import { describe, expect, it } from 'vitest';
import { InvalidValue, valid, validInteger } from './values.ts';
import type { ValueKind } from './values.ts';

const good: Record<ValueKind, string> = {
  project: 'jtel-demo-acme',
  service: 'acd-web-1',
  startCondition: 'service_healthy',
  releaseDigest: 'a'.repeat(64),
  sha256: 'b'.repeat(64),
  imageDigest: `sha256:${'c'.repeat(64)}`,
  repository: 'registry.example:5000/jtel/acd-web',
  dockerName: 'jtel-demo-acme_default',
  uid: '0b1a-4f',
  companion: 'producer',
  numericUser: '999:999',
  jobType: 'load',
  user: 'jtel',
  machineID: 'd'.repeat(32),
  containerPath: '/data/files.d',
  relativePath: 'data/files.d',
  version: '3.43.2',
  timeZone: 'America/Argentina/Buenos_Aires',
  domainName: 'acme.jtel.online',
};
const kinds = Object.keys(good) as ValueKind[];
const hostile = [
  '',
  '-x',
  '--help',
  'a b',
  'a\nb',
  'a\0b',
  "a'b",
  'a"b',
  'a`id`',
  '$(id)',
  '${HOME}',
  'a;b',
  'a|b',
  'a&b',
  'a>b',
  'a*',
  '..',
  '../a',
  'a/../b',
  '/..',
  'ä',
  'x'.repeat(65_536),
];

describe('a value on its way to a host', () => {
  it.each(kinds)('passes unchanged as %s when it is one', (kind) => {
    expect(valid(kind, good[kind])).toBe(good[kind]);
  });

  it.each(kinds)('is refused as %s when it could mean something else', (kind) => {
    for (const value of hostile) expect(() => valid(kind, value)).toThrow(InvalidValue);
  });

  it('is shown shortened in the message', () => {
    expect(() => valid('project', 'x'.repeat(100_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,400}$/) }),
    );
  });

  it('is a whole number within its bounds', () => {
    expect(validInteger('port', 22, 1, 65_535)).toBe(22);
    for (const value of [0, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => validInteger('port', value, 1, 65_535)).toThrow(InvalidValue);
  });
});
