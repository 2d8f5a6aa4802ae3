/**
 * Docker's events of compose containers and jobs. They are hints to look again. When the connection or the
 * daemon goes away, this throws.
 */
import { read, type Of } from '../../backup-format/schema.ts';
import { HostError } from '../host.ts';
import type { HostEvent } from '../host.ts';
import { containerEvent } from './answers.ts';
import { dockerError } from './client.ts';
import type { DockerClient } from './client.ts';
import { labels } from './containers.ts';
import { jsonLines } from './json-lines.ts';

export interface EventOptions {
  /** Called once, when no later event can be missed any more. */
  readonly opened?: () => void;
  /** Since 1970, by the host's clock. Docker remembers its last 256 events; earlier ones and a time to come do no harm. */
  readonly sinceSeconds?: number;
}

export async function* containerEvents(
  docker: DockerClient,
  signal: AbortSignal,
  { opened, sinceSeconds }: EventOptions = {},
): AsyncGenerator<HostEvent, void, undefined> {
  try {
    const since = sinceSeconds === undefined ? {} : { since: sinceSeconds };
    const stream = await docker.streams.getEvents({
      filters: { type: ['container'] },
      ...since,
      abortSignal: signal,
    });
    opened?.();
    const destroyable = stream as NodeJS.ReadableStream & { destroy(error?: Error): void };
    const stop = () =>
      destroyable.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const event of jsonLines(stream as AsyncIterable<Buffer>)) {
        const mapped = hostEvent(read(containerEvent, event, 'an event'));
        if (mapped !== undefined) yield mapped;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      destroyable.destroy();
    }
  } catch (error) {
    throw dockerError(docker.host, 'the events', error, signal);
  }
  signal.throwIfAborted();
  throw new HostError(
    'HostUnreachable',
    docker.host,
    `Docker on ${docker.host} ended the events: the daemon or the connection is gone`,
  );
}

/** Health checks run `exec` every few seconds and would drown everything else. */
function hostEvent(event: Of<typeof containerEvent>): HostEvent | undefined {
  const attributes = event.Actor?.Attributes;
  // Docker's filter has no "or", so events of other containers come too and are dropped here.
  const project = attributes?.[labels.project] ?? attributes?.[labels.jobProject];
  if (project === undefined || event.Action === undefined || event.Action.startsWith('exec_'))
    return undefined;
  return {
    project,
    service: attributes?.[labels.service] ?? '',
    action: event.Action,
    timeSeconds: event.time ?? 0,
  };
}
