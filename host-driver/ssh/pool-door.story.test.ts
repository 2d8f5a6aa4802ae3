/** One sshd with many users: it drops some of those who come while ten have not logged in. */
import { createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ConnectionPool } from './pool.ts';
import { startTestingServer } from './testing-server.ts';

const { signal } = new AbortController();

it.each([
  [1, 8],
  [4, 2],
])(
  'of %i pools, has its part of eight unfinished logins at one sshd, and all come to their turn',
  async (pools, part) => {
    let [begun, open, most] = [0, 0, 0];
    const sshd = createServer((socket) => {
      begun += 1;
      open += 1;
      most = Math.max(most, open);
      socket.on('error', () => undefined).on('close', () => (open -= 1));
      socket.resume();
      // Twice eight would be there at once by then, if they might.
      setTimeout(() => socket.destroy(), 300);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void sshd.close());
    await vi.waitFor(() => expect(sshd.listening).toBe(true));
    const { port } = sshd.address() as AddressInfo;
    await using server = await startTestingServer();
    const pool = new ConnectionPool(undefined, undefined, undefined, pools);
    onTestFinished(() => pool.close());
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const tries = users.map((user) => pool.get({ ...server.target, port, user, namespace: user }, signal));
    await Promise.allSettled(tries);
    expect(begun).toBe(20);
    expect(most).toBeLessThanOrEqual(part);
  },
  40_000,
);
