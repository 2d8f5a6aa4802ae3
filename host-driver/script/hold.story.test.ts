/** A host that misbehaves while its lock is to be held costs one operation a bounded time and memory. */
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import type { ServerChannel } from 'ssh2';
import { ConnectionPool } from '../ssh/pool.ts';
import { startTestingServer } from '../ssh/testing-server.ts';
import { aFence } from '../../test/support/host-builders.ts';
import { withLock } from './lock.ts';

const { signal } = new AbortController();

/** The first call only checks the fence; `onHold` answers the second, which stays open. */
async function hostThatHolds(onHold: (channel: ServerChannel) => void) {
  let calls = 0;
  const server = await startTestingServer({
    onCommand: (_command, channel) => {
      calls += 1;
      if (calls > 1) return onHold(channel);
      channel.exit(0);
      channel.end();
    },
  });
  const pool = new ConnectionPool();
  onTestFinished(async () => {
    await pool.close();
    await server[Symbol.asyncDispose]();
  });
  return await pool.get(server.target, signal);
}

/** Writes as fast as it is read, and does not mind that the other side closed the channel. */
function flood(channel: ServerChannel): void {
  const more = () => {
    while (channel.writable && channel.write(Buffer.alloc(65_536, 'x')));
  };
  channel.on('drain', more);
  more();
}

it('a host that goes on after it said that it holds the lock is disconnected', async () => {
  const connection = await hostThatHolds((channel) => {
    channel.write('held\n');
    flood(channel);
  });
  await withLock(connection, 'jtel-demo-acme', aFence(), 'start', signal, () => connection.closed);
  expect(connection.isOpen).toBe(false);
});

it('what says more than an answer has is not listened to', async () => {
  const connection = await hostThatHolds(flood);
  const holding = withLock(connection, 'jtel-demo-acme', aFence(), 'start', signal, () => Promise.resolve());
  await expect(holding).rejects.toMatchObject({
    reason: 'HostUnreachable',
    message: expect.stringContaining('more than 16384 bytes'),
  });
  await connection.closed;
});

it('who gives up waiting for it does not keep it', async () => {
  const opened = Promise.withResolvers<ServerChannel>();
  const connection = await hostThatHolds((channel) => opened.resolve(channel.resume()));
  const unwanted = new AbortController();
  const holding = withLock(connection, 'jtel-demo-acme', aFence(), 'start', unwanted.signal, () =>
    Promise.resolve(),
  );
  const closed = once(await opened.promise, 'close');
  unwanted.abort(new Error('the spec changed'));
  await expect(holding).rejects.toThrow('the spec changed');
  await closed;
});
