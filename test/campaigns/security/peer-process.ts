/**
 * Hostile hosts and servers, in a process of their own: what they take themselves is not the reader's. It ends with the campaign.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import type { Server as TCPServer } from 'node:net';
import type { ServerChannel } from 'ssh2';
import { startTestingServer } from '../../../host-driver/ssh/testing-server.ts';
import type { HostTarget } from '../../../host-driver/host.ts';
import { answers, type Answer } from './answers.ts';
import type { FromPeers, HostOrder, ServerOrder, ToPeers } from './peer-orders.ts';
import { give, httpPeer } from './peers.ts';

interface HostilePeer {
  readonly close: () => Promise<void>;
}

interface HostileHost extends HostilePeer {
  readonly target: HostTarget;
}

const open = new Map<number, HostilePeer>();

process.on('message', (message: ToPeers) => void handle(message));
process.on('disconnect', () => process.exit());

async function handle(message: ToPeers): Promise<void> {
  const { id } = message;
  if ('open' in message) {
    const { close, ...where } = await start(message.open);
    open.set(id, { close });
    tell({ id, ...where });
  } else {
    await open.get(message.close)?.close();
    open.delete(message.close);
    tell({ id });
  }
}

function tell(message: FromPeers): void {
  process.send?.(message);
}

async function start(order: HostOrder | ServerOrder): Promise<HostilePeer & Omit<FromPeers, 'id'>> {
  const answer = answers.find(({ name }) => name === order.answer);
  if (answer === undefined) throw new TypeError(`there is no answer ${order.answer}`);
  if ('place' in order) return await host(answer, order);
  const peer = await httpPeer(answer, order);
  return { url: peer.url, close: async () => await peer[Symbol.asyncDispose]() };
}

async function host(answer: Answer, { form, place }: HostOrder): Promise<HostileHost> {
  switch (place.at) {
    case 'Greeting':
      return await greeting(answer, form);
    case 'Shell':
      return await sshHost({ onLine: (_line, channel) => give(answer, form, channel) });
    case 'Stdout':
      return await sshHost({
        onCommand: (_command, channel) => give(answer, form, channel, () => end(channel)),
      });
    case 'Stderr':
      return await sshHost({
        onCommand: (_command, channel) => give(answer, form, channel.stderr, () => end(channel)),
      });
    case 'SecondCommand': {
      let commands = 0;
      return await sshHost({
        onCommand: (_command, channel) =>
          (commands += 1) === 1 ? end(channel) : give(answer, form, channel, () => end(channel)),
      });
    }
    case 'Facts':
    case 'State':
      return await sshHost({ onLine: (line, channel) => observed(line, channel, answer, form, place.at) });
    case 'Docker':
      return await dockerHost(answer, { form, ...place });
  }
}

function end(channel: ServerChannel): void {
  channel.exit(0);
  channel.end();
}

/** As the observe script would, for each question. */
function observed(
  line: string,
  channel: ServerChannel,
  answer: Answer,
  form: HostOrder['form'],
  at: 'Facts' | 'State',
): void {
  const [, mark = ''] = /'jtel-observe' '([0-9a-f]+)'/.exec(line) ?? [];
  channel.on('data', () => {
    channel.write(`begin-${mark}\nmachine ${'1'.repeat(32)}\n`);
    if (at === 'State') channel.write('clock 1\nstate\n');
    give(answer, form, channel, () => channel.write(`\nend-${mark}\n`));
  });
}

async function sshHost(options: Parameters<typeof startTestingServer>[0]): Promise<HostileHost> {
  const server = await startTestingServer(options);
  return { target: server.target, close: async () => await server[Symbol.asyncDispose]() };
}

async function greeting(answer: Answer, form: HostOrder['form']): Promise<HostileHost> {
  const server = createTCPServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    give(answer, form, socket);
  });
  const { target, close } = await sshHost({});
  await close();
  const port = await listening(server);
  return { target: { ...target, port }, close: async () => void server.close() };
}

const labels = {
  'com.docker.compose.project': 'jtel-acme-main',
  'com.docker.compose.service': 'web',
  'jtel.de/job-uid': '1',
  'jtel.de/project': 'jtel-acme-main',
};
const details = {
  Name: '/web',
  Config: { Image: 'i', Labels: labels },
  State: { Status: 'running', StartedAt: '', FinishedAt: '', Running: true },
};
/** By how the path ends or begins; the first counts. */
const usual: readonly (readonly [path: RegExp, answer: unknown])[] = [
  [
    /^\/containers\/json/,
    [{ Id: 'a'.repeat(64), Names: ['/web'], Labels: labels, State: 'running', Status: 'Up' }],
  ],
  [/^\/containers\/[^/]+\/json/, details],
  [/^\/volumes\?/, { Volumes: [] }],
  [/^\/volumes\//, { Labels: labels }],
  [/^\/version/, { Version: '28', ApiVersion: '1.47' }],
  [/^\/(networks|images\/json)/, []],
];

async function dockerHost(
  answer: Answer,
  {
    form,
    path,
    status = 200,
  }: { readonly form: HostOrder['form']; readonly path: string; readonly status?: number },
): Promise<HostileHost> {
  const hostile = new RegExp(path);
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    const { url = '' } = request;
    if (hostile.test(url)) {
      response.writeHead(status);
      return give(answer, form, response);
    }
    const found = usual.find(([known]) => known.test(url));
    response.writeHead(found === undefined && !url.endsWith('/_ping') ? 404 : 200);
    response.end(found === undefined ? '' : JSON.stringify(found[1]));
  });
  const { target, close } = await sshHost({ dockerPort: await listening(server) });
  return {
    target,
    close: async () => {
      await close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listening(server: TCPServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
