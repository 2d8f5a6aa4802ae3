import { describe, expect, test } from 'vitest';
import { accountsText } from '../backup/dump-text.ts';
import { strangeStatement } from './account-statements.ts';

const good = [
  "CREATE USER IF NOT EXISTS `app`@`%` IDENTIFIED BY PASSWORD '*6891F9D5;1EB5A38D' REQUIRE SSL",
  'CREATE ROLE IF NOT EXISTS `a``;role`',
  "GRANT SELECT, INSERT ON `jtel`.* TO `it's; DROP`@`%` WITH GRANT OPTION",
  "CREATE USER IF NOT EXISTS 'o\\'brien; -- x'@'%' PASSWORD EXPIRE NEVER",
  'SET DEFAULT ROLE `a` FOR `app`@`%`',
];

test('what a backup writes is accepted', () => {
  expect(strangeStatement(accountsText(good))).toBeUndefined();
  expect(strangeStatement(accountsText([]))).toBeUndefined();
});

describe('anything else is found, also behind what looks like a grant', () => {
  test.each([
    'DROP DATABASE jtel',
    'GRANT SELECT ON a.* TO b; DROP DATABASE jtel',
    "GRANT USAGE ON *.* TO `root`@`%` IDENTIFIED BY 'mine'",
    'GRANT USAGE ON *.* TO `app`@`%` identified via unix_socket',
    'GRANT SELECT ON a.* TO b /*! ; DROP DATABASE jtel */',
    "GRANT SELECT ON a.* TO 'b",
    'GRANT SELECT ON a.* TO "b"',
    'GRANT SELECT ON a.* TO b\nDELIMITER x',
    'GRANT SELECT ON a.* TO b \\! id',
    'CREATE USER `evil`@`%`',
    "SET time_zone = '+00:00', GLOBAL max_connections = 1",
    'SET NAMES utf8mb4, GLOBAL max_connections = 1',
    '-- Dump completed\nDROP DATABASE jtel',
  ])('%s', (statement) => {
    expect(strangeStatement(accountsText([...good, statement]))).toBeDefined();
  });
});
