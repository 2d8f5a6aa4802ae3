import { describe, expect, test } from 'vitest';
import { parseSpec } from './spec.ts';

const sha256 = 'a'.repeat(64);
const database = { host: 'acd-dbm', port: 3306, rootPassword: 'canary"password', schemas: ['jtel'] };
const fileTrees = [{ name: 'files', path: '/data/files', uid: 1000, gid: 1000 }];
const dataSets = [
  { kind: 'Database', url: 'https://store.example/a?sig=canary-signature', bytes: 1, sha256 },
  { kind: 'FileTree', name: 'files', url: 'https://store.example/b', bytes: 2, sha256 },
];
const load = { type: 'load', loadID: 'uid-vanilla-3.43.2', database, fileTrees, dataSets };

test('a whole load spec is taken as it is', () => {
  expect(parseSpec(JSON.stringify(load))).toEqual(load);
});

describe('refused, naming the field and repeating no value', () => {
  test.each([
    ['no type', { ...load, type: undefined }, 'type'],
    ['another type', { ...load, type: 'shell' }, 'type'],
    ['a loadID with a slash', { ...load, loadID: '../x' }, 'loadID'],
    [
      'a system schema',
      { ...load, database: { ...database, schemas: ['jtel', 'MySQL'] } },
      'database.schemas',
    ],
    [
      'this project’s own schema',
      { ...load, database: { ...database, schemas: ['jtel_operator'] } },
      'database.schemas',
    ],
    [
      'a schema with a quote',
      { ...load, database: { ...database, schemas: ["a'b"] } },
      'database.schemas[0]',
    ],
    ['no schema', { ...load, database: { ...database, schemas: [] } }, 'database.schemas'],
    [
      'a host that is an option',
      { ...load, database: { ...database, host: '--init-command=x' } },
      'database.host',
    ],
    [
      'a password with a line break',
      { ...load, database: { ...database, rootPassword: 'canary\nhost=evil' } },
      'database.rootPassword',
    ],
    ['a relative path', { ...load, fileTrees: [{ ...fileTrees[0], path: 'data' }] }, 'fileTrees[0].path'],
    [
      'a path with ..',
      { ...load, fileTrees: [{ ...fileTrees[0], path: '/data/../etc' }] },
      'fileTrees[0].path',
    ],
    ['a negative owner', { ...load, fileTrees: [{ ...fileTrees[0], uid: -1 }] }, 'fileTrees[0].uid'],
    ['the same tree twice', { ...load, fileTrees: [...fileTrees, ...fileTrees] }, 'fileTrees'],
    ['no data sets', { ...load, dataSets: [] }, 'dataSets'],
    ['a data set for a tree that is not there', { ...load, fileTrees: [] }, 'dataSets'],
    ['a data set for a database that is not there', { ...load, database: undefined }, 'database'],
    ['two data sets for one place', { ...load, dataSets: [dataSets[0], dataSets[0]] }, 'dataSets'],
    [
      'a digest in upper case',
      { ...load, dataSets: [{ ...dataSets[0], sha256: 'A'.repeat(64) }] },
      'dataSets[0].sha256',
    ],
    [
      'a URL that is no web address',
      { ...load, dataSets: [{ ...dataSets[0], url: 'file:///etc/passwd' }] },
      'dataSets[0].url',
    ],
  ])('%s', (_what, spec, place) => {
    const parse = (): unknown => parseSpec(JSON.stringify(spec));
    expect(parse).toThrow(
      expect.objectContaining({
        reason: 'SpecInvalid',
        message: expect.stringContaining(`job spec: ${place} `),
      }),
    );
    expect(parse).not.toThrow(/canary/);
  });

  test('no JSON', () => {
    expect(() => parseSpec('{"rootPassword":"canary')).toThrow(/^the job spec is not JSON$/);
  });
});
