import { generateKeyPairSync } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AddressRules } from '../../base/address-rules.ts';
import { ConnectionPool } from './pool.ts';
import { startTestingServer } from './testing-server.ts';
import type { TestingServer, TestingServerOptions } from './testing-server.ts';

const signal = new AbortController().signal;
const options = { timeoutSeconds: 5 };

function makePool(addresses?: AddressRules): ConnectionPool {
  const pool = new ConnectionPool(undefined, undefined, addresses);
  onTestFinished(() => pool.close());
  return pool;
}

async function serve(serverOptions: TestingServerOptions = {}): Promise<TestingServer> {
  const server = await startTestingServer(serverOptions);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

describe('the pool', () => {
  it.each(['127.0.0.1', 'localhost'])('does not connect to %s if the rules forbid it', async (address) => {
    const server = await serve();
    await expect(
      makePool(new AddressRules()).get({ ...server.target, address }, signal),
    ).rejects.toMatchObject({
      reason: 'HostUnreachable',
      message: expect.stringContaining('an address of the machine itself'),
    });
    expect(server.counts.connections).toBe(0);
  });

  it('opens one connection for all who ask at the same time', async () => {
    const server = await serve();
    const pool = makePool();
    const connections = await Promise.all(Array.from({ length: 20 }, () => pool.get(server.target, signal)));
    expect(new Set(connections).size).toBe(1);
    expect(server.counts).toEqual({ connections: 1, logins: 1 });
  });

  it('sends nothing to a machine with another key, and does not ask it again at once', async () => {
    const server = await serve();
    const pool = makePool();
    const target = { ...server.target, hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`] };
    await expect(pool.get(target, signal)).rejects.toMatchObject({
      reason: 'HostKeyMismatch',
      message: expect.stringContaining(server.target.hostKeyFingerprints[0] ?? ''),
    });
    const { connections } = server.counts;
    await expect(pool.get(target, signal)).rejects.toMatchObject({ reason: 'HostKeyMismatch' });
    expect(server.counts).toEqual({ connections, logins: 0 });
  });

  it('finds the pinned key among those of other families', async () => {
    // The server has an ECDSA key only, and Ed25519 is asked for first.
    const server = await serve();
    await expect(makePool().get(server.target, signal)).resolves.toMatchObject({
      isOpen: true,
      hostKey: server.target.hostKeyFingerprints[0],
    });
  });

  it('does not knock again after a refused key', async () => {
    const server = await serve({ refuses: true });
    const pool = makePool();
    await expect(pool.get(server.target, signal)).rejects.toMatchObject({ reason: 'AuthenticationFailed' });
    const { connections } = server.counts;
    await expect(pool.get(server.target, signal)).rejects.toMatchObject({ reason: 'AuthenticationFailed' });
    expect(server.counts.connections).toBe(connections);
  });

  it('suspects a ban where the door is closed after a refused login', async () => {
    const server = await startTestingServer({ refuses: true });
    const pool = makePool();
    await expect(pool.get(server.target, signal)).rejects.toMatchObject({ reason: 'AuthenticationFailed' });
    await server[Symbol.asyncDispose]();
    const other = { ...server.target, user: 'other' };
    await expect(pool.get(other, signal)).rejects.toMatchObject({
      reason: 'HostUnreachable',
      message: expect.stringContaining('fail2ban'),
    });
    await expect(makePool().get(other, signal)).rejects.toMatchObject({
      message: expect.not.stringContaining('fail2ban'),
    });
  });

  it('takes a corrected key at once', async () => {
    const server = await serve();
    const pool = makePool();
    await expect(pool.get({ ...server.target, privateKey: 'no key' }, signal)).rejects.toMatchObject({
      reason: 'AuthenticationFailed',
    });
    await expect(pool.get(server.target, signal)).resolves.toMatchObject({ isOpen: true });
  });

  it('says that an encrypted key needs its passphrase', async () => {
    const server = await serve();
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'right', type: 'pkcs1', format: 'pem' } as const;
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: cipher,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    await expect(makePool().get({ ...server.target, privateKey }, signal)).rejects.toMatchObject({
      reason: 'AuthenticationFailed',
      message: expect.stringContaining('passphrase'),
    });
    await expect(
      makePool().get({ ...server.target, privateKey, passphrase: 'wrong' }, signal),
    ).rejects.toMatchObject({ reason: 'AuthenticationFailed' });
    await expect(
      makePool().get({ ...server.target, privateKey, passphrase: 'right' }, signal),
    ).resolves.toMatchObject({ isOpen: true });
  });

  it('keeps places for others while hosts of a namespace are silent, until nobody waits for them', async () => {
    const open = new Set<Socket>();
    let begun = 0;
    const silent = createServer((socket) => {
      begun += 1;
      open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
      socket.resume();
    }).listen(0, '0.0.0.0');
    onTestFinished(() => void silent.close());
    await vi.waitFor(() => expect(silent.listening).toBe(true));
    const { port } = silent.address() as AddressInfo;
    const server = await serve();
    const [pool, looks] = [makePool(), new AbortController()];
    let ended = 0;
    const hogs = Array.from({ length: 40 }, async (_, index) => {
      const target = { ...server.target, address: `127.0.1.${index + 1}`, port, namespace: 'hog' };
      await pool.get(target, looks.signal).catch(() => (ended += 1));
    });
    await vi.waitFor(() => expect(begun).toBeGreaterThanOrEqual(15), 10_000);
    await pool.get({ ...server.target, namespace: 'quiet' }, signal);
    expect(ended).toBe(0);
    // After a while those who wait for the silent ones hold no place any more.
    await vi.waitFor(() => expect(begun).toBe(40), 10_000);
    looks.abort(new Error('the looks ended'));
    await Promise.all(hogs);
    await vi.waitFor(() => expect(open.size).toBe(0), 10_000);
  }, 40_000);

  it('goes through a jump host', async () => {
    const [jump, server] = [await serve(), await serve()];
    const pool = makePool();
    const connection = await pool.get({ ...server.target, jumpHost: jump.target }, signal);
    expect(await connection.execute('true', options, signal)).toMatchObject({ code: 0 });
    expect(server.commands).toEqual(['true']);
    expect(jump.commands).toEqual([]);
  });

  it('opens a new connection after a lost one', async () => {
    const server = await serve();
    const pool = makePool();
    const first = await pool.get(server.target, signal);
    server.drop();
    await first.closed;
    expect(await pool.get(server.target, signal)).not.toBe(first);
  });

  it('closes what nobody asked for', async () => {
    const server = await serve();
    const pool = makePool();
    const connection = await pool.get(server.target, signal);
    pool.closeIdle(60);
    expect(connection.isOpen).toBe(true);
    pool.closeIdle(0);
    await connection.closed;
    expect(connection.isOpen).toBe(false);
  });

  it('does not close what is in use, nor the jump host on the way to it', async () => {
    const [jump, server] = [await serve(), await serve({ onCommand: () => undefined })];
    const pool = makePool();
    const gate = await pool.get(jump.target, signal);
    const connection = await pool.get({ ...server.target, jumpHost: jump.target }, signal);
    const enough = new AbortController();
    const running = connection.execute('sleep', options, enough.signal).catch((error: unknown) => error);
    pool.closeIdle(0);
    expect([gate.isOpen, connection.isOpen, connection.isBusy]).toEqual([true, true, true]);
    enough.abort(new Error('enough'));
    await expect(running).resolves.toMatchObject({ message: 'enough' });
    pool.closeIdle(0);
    await connection.closed;
    pool.closeIdle(0);
    await gate.closed;
    expect([gate.isOpen, connection.isOpen]).toEqual([false, false]);
  });

  it('lets one who waits for a connection give up without taking it from the others', async () => {
    const server = await serve();
    const pool = makePool();
    const impatient = new AbortController();
    const [gaveUp, patient] = [pool.get(server.target, impatient.signal), pool.get(server.target, signal)];
    impatient.abort(new Error('gave up'));
    await expect(gaveUp).rejects.toThrow('gave up');
    await expect(patient).resolves.toMatchObject({ isOpen: true });
  });

  it('gives nothing away after it was closed', async () => {
    const server = await serve();
    const pool = makePool();
    await pool.close();
    await expect(pool.get(server.target, signal)).rejects.toThrow('closed');
  });
});

describe('a command', () => {
  it('that ends at once keeps its exit code and its output', async () => {
    const server = await serve({
      onCommand: (_command, channel) => {
        channel.stderr.write('said on stderr');
        channel.write('said on stdout');
        channel.exit(7);
        channel.end();
      },
    });
    const connection = await makePool().get(server.target, signal);
    const results = await Promise.all(
      Array.from({ length: 50 }, () => connection.execute('x', options, signal)),
    );
    for (const result of results)
      expect(result).toEqual({ code: 7, stdout: 'said on stdout', stderr: 'said on stderr' });
  });

  it('whose exit code is lost has an unknown outcome, not a good one', async () => {
    const server = await serve({ onCommand: (_command, channel) => channel.close() });
    const connection = await makePool().get(server.target, signal);
    await expect(connection.execute('x', options, signal)).rejects.toMatchObject({
      reason: 'OutcomeUnknown',
    });
  });

  it('whose connection breaks off has an unknown outcome', async () => {
    const server: TestingServer = await serve({ onCommand: () => server.drop() });
    const connection = await makePool().get(server.target, signal);
    await expect(connection.execute('x', options, signal)).rejects.toMatchObject({
      reason: 'OutcomeUnknown',
    });
  });

  it('that was ended by a signal has an unknown outcome and says by which', async () => {
    const server = await serve({
      onCommand: (_command, channel) => {
        channel.exit('KILL');
        channel.end();
      },
    });
    const connection = await makePool().get(server.target, signal);
    await expect(connection.execute('x', options, signal)).rejects.toMatchObject({
      reason: 'OutcomeUnknown',
      message: expect.stringContaining('SIGKILL'),
    });
  });

  it('that falls silent is given up', async () => {
    const server = await serve({ onCommand: () => undefined });
    const connection = await makePool().get(server.target, signal);
    await expect(connection.execute('x', { timeoutSeconds: 0.2 }, signal)).rejects.toMatchObject({
      reason: 'OutcomeUnknown',
    });
  });

  it('gets its stdin whole, and more of stderr than a window holds does not stall it', async () => {
    const server = await serve({
      onCommand: (_command, channel) => {
        let received = 0;
        channel.on('data', (chunk: Buffer) => (received += chunk.length));
        channel.on('end', () => {
          channel.stderr.write(Buffer.alloc(5 * 2 ** 20, 'e'), () => {
            channel.write(String(received));
            channel.exit(0);
            channel.end();
          });
        });
      },
    });
    const connection = await makePool().get(server.target, signal);
    const result = await connection.execute('x', { ...options, stdin: Buffer.alloc(3 * 2 ** 20) }, signal);
    expect(result).toMatchObject({ code: 0, stdout: String(3 * 2 ** 20) });
    expect(result.stderr.length).toBe(64 * 1024);
  });

  it.each(['stdout', 'stderr'] as const)('that writes to %s without end is given up early', async (name) => {
    const server = await serve({
      onCommand: (_command, channel) => {
        const stream = name === 'stdout' ? channel : channel.stderr;
        const more = () => {
          while (channel.writable && stream.write(Buffer.alloc(65_536, 'x')));
        };
        stream.on('drain', more);
        more();
      },
    });
    const connection = await makePool().get(server.target, signal);
    const running = connection.execute('x', { timeoutSeconds: 600, maximumBytes: 2 ** 20 }, signal);
    await expect(running).rejects.toMatchObject({
      reason: 'OutcomeUnknown',
      message: expect.stringMatching(/more than (1048576|67108864) bytes/),
    });
    await connection.closed;
  });

  it('that is aborted ends for the caller with his reason', async () => {
    const server = await serve({ onCommand: () => undefined });
    const connection = await makePool().get(server.target, signal);
    await expect(connection.execute('x', options, AbortSignal.timeout(50))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('waits when six others run', async () => {
    let running = 0;
    let most = 0;
    const server = await serve({
      onCommand: (_command, channel) => {
        running += 1;
        most = Math.max(most, running);
        setImmediate(() => {
          running -= 1;
          channel.exit(0);
          channel.end();
        });
      },
    });
    const connection = await makePool().get(server.target, signal);
    await Promise.all(Array.from({ length: 30 }, () => connection.execute('x', options, signal)));
    expect(most).toBeLessThanOrEqual(6);
    expect(server.commands).toHaveLength(30);
  });
});

describe('what the login shell prints', () => {
  const onCommand: NonNullable<TestingServerOptions['onCommand']> = (_command, channel) => {
    channel.stderr.write('said on stderr');
    channel.write('said on stdout');
    channel.exit(0);
    channel.end();
  };

  it.each([
    'welcome\n',
    'welcome',
    'a\u001b[31m\r\n\r\nb\n'.repeat(5000),
    'jtel-begin-0123456789abcdef0123456789abcdef\n',
  ])('is no part of an answer, and told once (%#)', async (shellSays) => {
    const server = await serve({ shellSays, onCommand });
    const told: object[] = [];
    const pool = new ConnectionPool({
      info: () => undefined,
      warn: (message, fields) => told.push({ message, ...fields }),
    });
    onTestFinished(() => pool.close());
    for (let time = 0; time < 2; time += 1) {
      const connection = await pool.get(server.target, signal);
      expect(await connection.execute('x', options, signal)).toMatchObject({
        code: 0,
        stdout: 'said on stdout',
        stderr: 'said on stderr',
      });
      expect(connection.noise).toMatch(/^[\x20-\x7e]{1,120}$/);
      server.drop();
      await connection.closed;
    }
    expect(told).toEqual([
      {
        message: expect.stringContaining('login shell'),
        host: expect.any(String),
        noise: expect.any(String),
      },
    ]);
  });

  it('is quoted when no command is run', async () => {
    const server = await serve({
      shellSays: 'This account is currently not available.\n',
      runsNothing: true,
    });
    const connection = await makePool().get(server.target, signal);
    await expect(connection.execute('x', options, signal)).rejects.toMatchObject({
      reason: 'HostUnreachable',
      message: expect.stringMatching(/login shell on jtel@127.*not available/),
    });
  });
});
