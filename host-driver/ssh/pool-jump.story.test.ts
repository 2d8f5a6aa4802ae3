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

/** Hosts behind a jump host that are silent, and a healthy one. All are of one namespace. */
async function behindOneJumpHost(silent: number) {
  const [jump, server] = [await startTestingServer(), await startTestingServer()];
  onTestFinished(() => jump[Symbol.asyncDispose]());
  onTestFinished(() => server[Symbol.asyncDispose]());
  const pool = new ConnectionPool();
  onTestFinished(() => pool.close());
  const looks = new AbortController();
  const healthy = { ...server.target, jumpHost: jump.target };
  const asked = Array.from({ length: silent }, (_, index) =>
    pool.get({ ...healthy, address: `198.51.100.${index + 1}` }, looks.signal).catch(() => undefined),
  );
  await vi.waitFor(() => expect(jump.ways.length).toBeGreaterThanOrEqual(2), 10_000);
  const endLooks = async (): Promise<void> => {
    looks.abort(new Error('the looks ended'));
    await Promise.all(asked);
  };
  onTestFinished(endLooks);
  return { pool, healthy, jump, endLooks };
}

it('reaches a host while others behind the same jump host are silent', async () => {
  const { pool, healthy } = await behindOneJumpHost(6);
  expect(await pool.get(healthy, signal)).toMatchObject({ isOpen: true });
}, 40_000);

it('has all places on a jump host again when nobody waits for the silent hosts any more', async () => {
  const { pool, healthy, jump, endLooks } = await behindOneJumpHost(4);
  await endLooks();
  expect(await pool.get(healthy, signal)).toMatchObject({ isOpen: true });
  expect(jump.ways).toContain('127.0.0.1');
}, 40_000);

it('does not say of a host that it is silent while it was not asked', async () => {
  const { pool, healthy } = await behindOneJumpHost(100);
  await expect(pool.get(healthy, AbortSignal.timeout(100))).rejects.toMatchObject({
    reason: 'NotChecked',
    message: expect.stringContaining('was not asked yet'),
  });
}, 40_000);
