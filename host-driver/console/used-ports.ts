/**
 * Which ports of a host are in use: sockets from /proc/net, which any user may read, and what Docker
 * publishes. A published port needs no socket.
 */
import { HostError } from '../host.ts';
import type { UsedPort } from '../console.ts';
import { bounded, dockerError } from '../docker/client.ts';
import type { DockerClient } from '../docker/client.ts';
import { labels } from '../docker/containers.ts';
import type { Connection } from '../ssh/connection.ts';

const answerSeconds = 20;
const longestAnswer = 1024 * 1024;

/**
 * Prints "PROTOCOL ADDRESS:PORT" in hexadecimal digits for each socket that waits for others. State 0A is
 * LISTEN; a UDP socket in state 07 is connected to nobody (include/net/tcp_states.h).
 */
const script =
  'for f in tcp tcp6; do awk \'$4 == "0A" { print "tcp", $2 }\' /proc/net/$f; done 2>/dev/null; ' +
  'for f in udp udp6; do awk \'$4 == "07" { print "udp", $2 }\' /proc/net/$f; done 2>/dev/null; true';

/** @throws HostError */
export async function usedPorts(
  connection: Connection,
  docker: DockerClient,
  signal: AbortSignal,
): Promise<readonly UsedPort[]> {
  const options = { timeoutSeconds: answerSeconds, maximumBytes: longestAnswer };
  const [{ stdout }, published] = await Promise.all([
    connection.execute(script, options, signal),
    publishedPorts(docker, signal),
  ]);
  const known = new Set(published.map(({ protocol, port }) => `${protocol} ${port}`));
  return [
    ...published,
    ...socketsOf(stdout).filter(({ protocol, port }) => !known.has(`${protocol} ${port}`)),
  ];
}

/** Pure. Skips lines that it does not understand. */
export function socketsOf(output: string): readonly UsedPort[] {
  const found = new Map<string, UsedPort>();
  for (const line of output.split('\n')) {
    const [, protocol, digits = ''] = /^(tcp|udp) [0-9A-F]{8,32}:([0-9A-F]{4})$/.exec(line) ?? [];
    if (protocol === undefined) continue;
    const port = Number.parseInt(digits, 16);
    found.set(`${protocol} ${port}`, { protocol: protocol === 'udp' ? 'udp' : 'tcp', port });
  }
  return [...found.values()];
}

/** None if no Docker answers. */
async function publishedPorts(docker: DockerClient, signal: AbortSignal): Promise<readonly UsedPort[]> {
  try {
    await docker.ready(bounded(signal));
    const containers = await docker.api.listContainers({ abortSignal: bounded(signal) });
    return containers.flatMap(({ Names, Labels, Ports }) =>
      (Ports ?? []).flatMap(({ PublicPort, Type }): readonly UsedPort[] => {
        const project = Labels?.[labels.project];
        return PublicPort === undefined
          ? []
          : [
              {
                protocol: Type === 'udp' ? 'udp' : 'tcp',
                port: PublicPort,
                container: (Names[0] ?? '').replace(/^\//, ''),
                ...(project === undefined ? {} : { project }),
              },
            ];
      }),
    );
  } catch (error) {
    if (error instanceof HostError && error.reason === 'DockerUnavailable') return [];
    throw dockerError(docker.host, 'the list of ports', error, signal);
  }
}
