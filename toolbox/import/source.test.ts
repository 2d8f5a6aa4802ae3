import { describe, expect, it } from 'vitest';
import { JobError } from '../job-error.ts';
import { requireRights, requireVersion, sourceError } from './source.ts';

const where = 'the old database at old:3306';
const failed = (message: string): unknown =>
  sourceError(new JobError('DatabaseFailed', `the database refused a statement: ${message}`), where);

describe('an error of the old database becomes a sentence', () => {
  it.each([
    ["ERROR 1045 (28000): Access denied for user 'x'@'y'", 'SourceRefused', 'correct user and password'],
    ['ERROR 1130 (HY000): Host is not allowed', 'SourceRefused', 'let the account in from this host'],
    ['ERROR 1142 (42000): SELECT command denied', 'SourceRefused', 'grant the account that right'],
    ['ERROR 1205 (HY000) at line 1: Lock wait timeout exceeded', 'SourceInUse', 'stop the old installation'],
    [
      'ERROR 2013 (HY000): Lost connection to server during query',
      'SourceUnreachable',
      'this host reaches it',
    ],
    ['ERROR 2026 (HY000): TLS/SSL error', 'SourceRefused', 'import.database.tls'],
  ])('%s', (said, reason, words) => {
    expect(failed(said)).toMatchObject({
      reason,
      message: expect.stringMatching(new RegExp(`^${where}: ERROR .*${words}`)),
    });
  });

  it('is kept as it is when it is not known, with the database that it is about', () => {
    expect(failed('ERROR 1146 (42S02): no such table')).toMatchObject({
      reason: 'DatabaseFailed',
      message: `${where}: ERROR 1146 (42S02): no such table`,
    });
  });

  it('is left alone when it is of something else', () => {
    const error = new JobError('StatementRefused', 'the database at acd-dbm:3306: ERROR 1064');
    expect(sourceError(error, where)).toBe(error);
  });
});

describe('a server', () => {
  it.each(['10.3.39-MariaDB-0+deb10u2', '10.11.6-MariaDB', '11.8.3-MariaDB', '5.5.5-10.6.1-MariaDB-log'])(
    'of %s is imported from',
    (version) => expect(() => requireVersion(version, where)).not.toThrow(),
  );
  it.each([
    ['10.1.48-MariaDB', 'is MariaDB 10.1:'],
    ['8.0.36', 'is MySQL 8.0:'],
    ['5.7.44-log', 'is MySQL 5.7:'],
  ])('of %s is not', (version, words) => {
    expect(() => requireVersion(version, where)).toThrow(words);
  });
});

describe('an account', () => {
  it('with all rights is enough', () => {
    const held = ['SELECT', 'INSERT', 'SHOW VIEW', 'TRIGGER', 'EVENT', 'LOCK TABLES'];
    expect(() => requireRights(held, 'mover', where)).not.toThrow();
  });
  it('that lacks some is told which', () => {
    expect(() => requireRights(['SELECT', 'EVENT'], 'mover', where)).toThrow(
      'account mover lacks SHOW VIEW, TRIGGER, LOCK TABLES; GRANT SELECT',
    );
  });
});
