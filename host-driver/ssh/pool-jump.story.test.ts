import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ConnectionPool } from './pool.ts';
import { startTestingServer } from './testing-server.ts';

const { signal } = new AbortController();

it('keeps places for others on the way through a jump host that they share', async () => {
  const open = new Set<Socket>();
  const silent = createServer((socket) => void open.add(socket.on('error', () => undefined).resume()));
  silent.listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await vi.waitFor(() => expect(silent.listening).toBe(true));
  const { port } = silent.address() as AddressInfo;
  const [jump, server] = [await startTestingServer(), await startTestingServer()];
  onTestFinished(() => jump[Symbol.asyncDispose]());
  onTestFinished(() => server[Symbol.asyncDispose]());
  const [pool, looks] = [new ConnectionPool(), new AbortController()];
  onTestFinished(() => pool.close());
  let ended = 0;
  const hogs = Array.from({ length: 10 }, async (_, index) => {
    const target = {
      ...server.target,
      port,
      user: `user-${index}`,
      namespace: 'hog',
      jumpHost: jump.target,
    };
    await pool.get(target, looks.signal).catch(() => (ended += 1));
  });
  await vi.waitFor(() => expect(open.size).toBeGreaterThanOrEqual(2), 10_000);
  await pool.get({ ...server.target, namespace: 'quiet', jumpHost: jump.target }, signal);
  expect(ended).toBe(0);
  looks.abort(new Error('the looks ended'));
  await Promise.all(hogs);
}, 40_000);
