/** Tells a Docker daemon that hangs from a host that does. */
import { HostError } from '../host.ts';
import type { Connection } from '../ssh/connection.ts';
import { hangAdvice } from '../trouble.ts';

/** Call it when Docker has not answered in time. @returns DockerHangs if the host itself answers, else HostUnreachable. */
export async function silentDocker(connection: Connection, what: string): Promise<HostError> {
  const { host } = connection;
  if (await connection.answers())
    return new HostError(
      'DockerHangs',
      host,
      `Docker on ${host} does not answer ${what}, although the host does: ${hangAdvice}`,
    );
  return new HostError(
    'HostUnreachable',
    host,
    `${host} does not answer, neither Docker (${what}) nor a command: check the machine and the network`,
  );
}
