import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { ConnectionPool } from './pool.ts';
import { endAtManyRekeys } from './rekeys.ts';
import { startTestingServer } from './testing-server.ts';

it('a host that asks for new keys over and over loses its connection', async () => {
  await using server = await startTestingServer({ rekeys: true });
  const pool = new ConnectionPool();
  const connection = await pool.get(server.target, new AbortController().signal);
  await connection.closed;
  expect(connection.isOpen).toBe(false);
  await pool.close();
});

it.each([
  ['ten a minute keep it', 6.1, 0],
  ['more end it', 5.9, 1],
])('new keys: %s', (_, seconds, expected) => {
  let [now, ended] = [0, 0];
  const client = Object.assign(new EventEmitter(), { destroy: () => void (ended += 1) });
  endAtManyRekeys(client as never, () => now);
  for (let count = 0; count < 11; count += 1) {
    client.emit('handshake');
    now += seconds * 1000;
  }
  expect(ended).toBe(expected);
});
