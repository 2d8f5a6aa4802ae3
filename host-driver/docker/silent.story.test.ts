/** A Docker daemon that does not answer is told from a host that does not. Over a real SSH connection, to a Docker that only listens. */
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { ConnectionPool } from '../ssh/pool.ts';
import { startTestingServer, type TestingServerOptions } from '../ssh/testing-server.ts';
import { DockerDialer } from './agent.ts';
import { bounded } from './client.ts';
import { dockerClient } from './open-client.ts';

const { signal } = new AbortController();

/** Long enough for a question to arrive on a busy machine. */
const limitSeconds = 4;

/**
 * Asks a Docker that takes connections and never answers.
 * @param limit begins when the host has let us in
 * @returns what the failure is, and whether Docker got the question before
 */
async function failure(
  options: TestingServerOptions,
  limit: (asked: AbortSignal) => AbortSignal,
): Promise<{ readonly error: unknown; readonly wasAsked: boolean }> {
  const asked = new AbortController();
  const silent = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => asked.abort());
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const dockerPort = (silent.address() as AddressInfo).port;
  await using server = await startTestingServer({ ...options, dockerPort });
  const pool = new ConnectionPool();
  const docker = dockerClient(await pool.get(server.target, signal));
  try {
    const question = docker.api.listContainers({ abortSignal: limit(asked.signal) });
    const error: unknown = await question.catch((reason: unknown) => reason);
    return { error, wasAsked: asked.signal.aborted };
  } finally {
    await pool.close();
    silent.close();
  }
}

it.concurrent('a host that answers while its Docker does not: Docker hangs', async () => {
  expect(await failure({}, () => bounded(signal, limitSeconds))).toMatchObject({
    error: {
      reason: 'DockerHangs',
      message: expect.stringMatching(/does not answer GET \/containers\/json, although the host does/),
    },
    wasAsked: true,
  });
});

it.concurrent('a host that answers nothing either is unreachable', async () => {
  expect(await failure({ onCommand: () => undefined }, () => bounded(signal, limitSeconds))).toMatchObject({
    error: { reason: 'HostUnreachable', message: expect.stringContaining('neither Docker') },
    wasAsked: true,
  });
});

it.concurrent('who gives up is not told that Docker hangs', async () => {
  const gaveUp = (asked: AbortSignal) => bounded(asked, 600);
  expect(await failure({}, gaveUp)).toMatchObject({ error: { name: 'AbortError' }, wasAsked: true });
});

it('a daemon whose queue is full hangs, and is not missing', async () => {
  const said = 'failed to connect to the docker API: dial unix /var/run/docker.sock: connect: ';
  await using server = await startTestingServer({
    onLine: (line, channel) => {
      if (!line.includes('dial-stdio')) {
        // The word before a command's own output, on both streams.
        const mark = /jtel-begin-[0-9a-f]+/.exec(line)?.[0] ?? '';
        channel.write(`${mark}\n`);
        channel.stderr.write(`${mark}\n`);
        channel.exit(0);
        return channel.end();
      }
      channel.stderr.write(`${said}resource temporarily unavailable\n`);
      channel.exit(1);
      channel.end();
    },
  });
  const pool = new ConnectionPool();
  const dialer = new DockerDialer(await pool.get(server.target, signal));
  await expect(dialer.way()).rejects.toMatchObject({ reason: 'DockerHangs' });
  await pool.close();
});
