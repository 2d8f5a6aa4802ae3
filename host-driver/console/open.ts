/** Opens the real console of a host, on its own SSH connection. */
import type { AddressRules } from '../../base/address-rules.ts';
import type { HostConsole } from '../console.ts';
import { bounded, dockerError } from '../docker/client.ts';
import type { DockerClient } from '../docker/client.ts';
import { labels, observedContainer, projectContainers } from '../docker/containers.ts';
import { dockerClient } from '../docker/open-client.ts';
import type { HostTarget } from '../host.ts';
import { ConnectionPool } from '../ssh/pool.ts';
import type { Connection } from '../ssh/connection.ts';
import { valid } from '../values.ts';
import { executeInContainer } from './execute.ts';
import { readLogs } from './read-logs.ts';
import { usedPorts } from './used-ports.ts';

/** Only the console uses this connection, so nearly all of sshd's ten sessions can stream. */
const sessions = { questions: 1, streams: 8 };

/**
 * @param addresses which may be connected to; default: all
 * @throws HostError when the host cannot be reached, is not the pinned machine, or refuses the key.
 */
export async function openConsole(
  target: HostTarget,
  signal: AbortSignal,
  addresses?: AddressRules,
): Promise<HostConsole> {
  const pool = new ConnectionPool(undefined, undefined, addresses);
  try {
    const connection = await pool.get(target, signal);
    return consoleOn(connection, dockerClient(connection, sessions), () => pool.close());
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function consoleOn(connection: Connection, docker: DockerClient, close: () => Promise<void>): HostConsole {
  const ready = async (signal: AbortSignal): Promise<void> => {
    await docker.ready(bounded(signal)).catch((error: unknown) => {
      throw dockerError(docker.host, 'the first question', error, signal);
    });
  };
  return {
    containers: async (project, signal) => {
      await ready(signal);
      const filters = { label: [`${labels.project}=${valid('project', project)}`] };
      const all = await docker.api
        .listContainers({ all: true, filters, abortSignal: bounded(signal) })
        .catch((error: unknown) => {
          throw dockerError(docker.host, 'the list of containers', error, signal);
        });
      return projectContainers(all, project).map((one) => observedContainer(one));
    },
    async *logs(project, services, question, signal) {
      await ready(signal);
      yield* readLogs(
        docker,
        valid('project', project),
        services.map((service) => valid('service', service)),
        question,
        signal,
      );
    },
    usedPorts: (signal) => usedPorts(connection, docker, signal),
    execute: (containerID, command, streams, signal) =>
      executeInContainer(connection, containerID, command, streams, signal),
    close,
  };
}
