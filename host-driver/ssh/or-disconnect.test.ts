/** A host may answer everything but the opening of a channel. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { orDisconnect } from './or-disconnect.ts';
import { execute } from './execute.ts';
import { ConnectionPool } from './pool.ts';
import { startTestingServer } from './testing-server.ts';

const { signal } = new AbortController();

it('a host that does not say whether it opened a channel loses its connection', async () => {
  await using server = await startTestingServer({ opensNothing: true });
  const pool = new ConnectionPool();
  const { client } = await pool.get(server.target, signal);
  const opened = new Promise<Error | undefined>((resolve) => {
    client.exec(
      'true',
      orDisconnect(client, (error) => resolve(error), 0.05),
    );
  });
  await once(client, 'close');
  expect(await opened).toBeInstanceOf(Error);
  await pool.close();
});

it('one that opens it in time keeps it', async () => {
  const opened = new Promise<unknown>((resolve) => {
    const done = orDisconnect({ destroy: () => resolve('destroyed') as never }, () => resolve('opened'), 5);
    done(undefined, {} as never);
  });
  expect(await opened).toBe('opened');
});

it('a command that no host starts ends with its own time', async () => {
  await using server = await startTestingServer({ opensNothing: true });
  const pool = new ConnectionPool();
  const { client } = await pool.get(server.target, signal);
  await expect(execute(client, 'h', 'true', { timeoutSeconds: 0.05 }, signal)).rejects.toMatchObject({
    name: 'HostError',
    reason: 'OutcomeUnknown',
  });
  await pool.close();
});
