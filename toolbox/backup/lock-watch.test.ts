import { expect, test } from 'vitest';
import { describeWait, type Seen } from './lock-watch.ts';

const now = new Date('2026-03-01T02:05:00Z');
const seen = (id: string, changes: Partial<Seen> = {}): Seen => ({
  id,
  user: 'jtel',
  address: '10.0.0.5',
  command: 'Query',
  seconds: 1,
  state: '',
  statement: 'SELECT 1',
  isOurs: false,
  ...changes,
});
const backup = seen('7', {
  user: 'root',
  address: '10.0.0.9',
  seconds: 90,
  state: 'Waiting for backup lock',
  statement: 'BACKUP STAGE BLOCK_DDL',
  isOurs: true,
});
const sibling = seen('8', {
  user: 'root',
  address: '10.0.0.9',
  command: 'Sleep',
  seconds: 300,
  statement: '',
  isOurs: true,
});

test('a backup that waits says since when, for what, and who may have it; statements are not quoted', () => {
  const others = [
    seen('1', { command: 'Sleep', seconds: 5000, statement: '' }),
    seen('2', { seconds: 300, statement: "ALTER  TABLE customers ADD note VARCHAR(9) DEFAULT 'secret'" }),
    seen('3', { command: 'Sleep', seconds: 2, statement: '', transactionSeconds: 400 }),
    seen('4', { state: 'Waiting for table metadata lock', seconds: 200 }),
    seen('5', { command: 'Daemon' }),
    seen('6', { command: 'Sleep', seconds: 1, statement: '' }),
  ];
  const said = describeWait([backup, sibling, ...others], now);
  expect(said).toBe(
    'waits since 2026-03-01T02:03:30Z for a lock of the database (Waiting for backup lock); who may have it: ' +
      'connection 2 of jtel from 10.0.0.5 (ALTER TABLE for 300 s), connection 3 of jtel from 10.0.0.5 (with a transaction open for 400 s), ' +
      'connection 1 of jtel from 10.0.0.5 (idle for 5000 s) or one of 1 more',
  );
});

test.each<[string, readonly Seen[]]>([
  ['works', [{ ...backup, state: 'Sending data' }, sibling]],
  ['is not there', [seen('1'), seen('2', { state: 'Waiting for table metadata lock' })]],
  ['is somebody at a prompt as root', [{ ...backup, statement: 'ALTER TABLE x' }]],
])('a backup that %s does not wait', (_, connections) => {
  expect(describeWait(connections, now)).toBeUndefined();
});

test('names are only shown as far as they are some, and nobody is made up', () => {
  expect(describeWait([backup], now)).toContain('the server does not show who has it');
  expect(describeWait([backup, seen('2', { user: '\u001B[31mx', statement: '/* ' })], now)).toContain(
    'connection 2 of ??31mx from 10.0.0.5 (A STATEMENT for 1 s)',
  );
});
