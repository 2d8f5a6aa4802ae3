/** Reads the last lines of a container's log, piece by piece. The question limits the lines, the socket the bytes. */
import { ByteTail } from '../../base/byte-collector.ts';
import { inTurns } from '../../base/in-turns.ts';
import { bounded, dockerError } from './client.ts';
import type { DockerClient } from './client.ts';
import { labels } from './containers.ts';
import { LogFrames, type LogPiece } from './log-frames.ts';
import type { DockerModem } from './whole-answers.ts';

/** Of all containers of a service together. */
const longestText = 1024 * 1024;

/** Avoids dockerode's `logs`, which without `follow` collects the whole answer in memory. */
export function openLog(
  docker: DockerClient['api'],
  id: string,
  options: {
    readonly tail: string;
    readonly follow: boolean;
    readonly since?: number;
    readonly timestamps?: true;
  },
  abortSignal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const statusCodes = { 200: true, 404: 'no such container', 409: 'cannot be read', 500: 'server error' };
  const question = {
    path: `/containers/${id}/logs?`,
    method: 'GET',
    isStream: true,
    statusCodes,
    options: { stdout: true, stderr: true, ...options },
    abortSignal,
  };
  const modem = docker.modem as DockerModem;
  return new Promise((resolve, reject) => {
    modem.dial(question, (error, data) =>
      error ? reject(error) : resolve(inTurns(data as AsyncIterable<Buffer>)),
    );
  });
}

/** @throws Docker's errors, and the signal's reason */
export async function* logPieces(
  docker: DockerClient,
  id: string,
  lines: number,
  signal: AbortSignal,
): AsyncGenerator<LogPiece, void, undefined> {
  const limit = bounded(signal);
  const log = await openLog(docker.api, id, { tail: String(lines), follow: false }, limit);
  const frames = new LogFrames();
  for await (const chunk of log) {
    limit.throwIfAborted();
    yield* frames.add(chunk);
  }
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
        const all = new ByteTail(longestText);
        for await (const { bytes } of logPieces(docker, one.Id, lines, signal)) all.add(bytes);
        const text = all.text();
        return found.length === 1 ? text : `${(one.Names[0] ?? one.Id).replace(/^\//, '')}:\n${text}`;
      }),
    );
    return logs.join('\n').slice(-longestText);
  } catch (error) {
    throw dockerError(docker.host, `the log of ${service}`, error, signal);
  }
}
