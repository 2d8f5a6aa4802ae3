import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { ConnectionPool } from '../ssh/pool.ts';
import { startTestingServer } from '../ssh/testing-server.ts';
import { DockerDialer, dockerAgent } from './agent.ts';

const { signal } = new AbortController();

it.each([
  ['nothing', ['HTTP/1.1 200 OK\r\n\r\n']],
  ['what looks like an answer', ['HTTP/1.1\r\n\r\n{}\n', 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n']],
  ['byte by byte', [...'HTTP/1. HTTP/1.1 no\r\n\r\nHTTP/1.1 200 OK\r\n\r\n']],
])('the command that leads to Docker is found to answer after a shell that says %s', async (_, said) => {
  await using server = await startTestingServer({
    onLine: (_line, channel) => {
      for (const piece of said) channel.write(piece);
    },
  });
  const pool = new ConnectionPool();
  const dialer = new DockerDialer(await pool.get(server.target, signal));
  expect(await dialer.way()).toBe('dial-stdio');
  await pool.close();
});

it('one that only looks like an answer does not answer', async () => {
  await using server = await startTestingServer({
    onLine: (_line, channel) => channel.end('HTTP/1.1\r\n\r\n{}\n'),
  });
  const pool = new ConnectionPool();
  const dialer = new DockerDialer(await pool.get(server.target, signal));
  await expect(dialer.way()).rejects.toMatchObject({ reason: 'DockerUnavailable' });
  await pool.close();
});

/** As docker-modem does it for each request, whether or not somebody debugs. */
it('nobody who writes a request down walks through the connection', async () => {
  await using server = await startTestingServer({});
  const pool = new ConnectionPool();
  const agent = dockerAgent(new DockerDialer(await pool.get(server.target, signal)), 6);
  expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: Agent }');
  agent.destroy();
  await pool.close();
});
