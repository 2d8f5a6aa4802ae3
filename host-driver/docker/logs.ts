/** Reads the last lines of a container's log. The question limits the lines, the socket the bytes. */
import { labels } from './containers.ts';
import { bounded, dockerError } from './client.ts';
import type { DockerClient } from './client.ts';
import { splitLog } from './log-frames.ts';
import type { LogText } from './log-frames.ts';

export async function containerLog(
  docker: DockerClient,
  id: string,
  lines: number,
  signal: AbortSignal,
): Promise<LogText> {
  const options = {
    stdout: true,
    stderr: true,
    tail: lines,
    follow: false as const,
    abortSignal: bounded(signal),
  };
  const raw: unknown = await docker.api.getContainer(id).logs(options);
  // dockerode parses whatever looks like JSON. Frames never do, and an empty log comes as an empty Buffer.
  return splitLog(Buffer.isBuffer(raw) ? raw : Buffer.alloc(0));
}

/** Logs of all containers of a service, each below its name if there are several. Empty if there is none. */
export async function serviceLog(
  docker: DockerClient,
  project: string,
  service: string,
  lines: number,
  signal: AbortSignal,
): Promise<string> {
  try {
    const filters = { label: [`${labels.project}=${project}`, `${labels.service}=${service}`] };
    const found = await docker.api.listContainers({ all: true, filters, abortSignal: bounded(signal) });
    const logs = await Promise.all(
      found.map(async (one) => {
        const { all } = await containerLog(docker, one.Id, lines, signal);
        return found.length === 1 ? all : `${(one.Names[0] ?? one.Id).replace(/^\//, '')}:\n${all}`;
      }),
    );
    return logs.join('\n').slice(-1024 * 1024);
  } catch (error) {
    throw dockerError(docker.host, `the log of ${service}`, error, signal);
  }
}
