/**
 * Reads logs of several containers as one stream of lines: first what Docker has, sorted by time, then new
 * lines as they come.
 */
import type { LogLine, LogQuestion } from '../console.ts';
import { bounded, dockerError, statusCode } from '../docker/client.ts';
import type { DockerClient } from '../docker/client.ts';
import { labels, projectContainers } from '../docker/containers.ts';
import { containerEvents } from '../docker/events.ts';
import { openLog } from '../docker/logs.ts';
import { Handover } from './handover.ts';
import { LogLines } from './log-lines.ts';

const linesInFlight = 500;

interface Source {
  readonly id: string;
  readonly service: string;
}

export async function* readLogs(
  docker: DockerClient,
  project: string,
  services: readonly string[],
  question: LogQuestion,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const sources = await findSources(docker, project, services, signal);
  const told = new Map<string, string>();
  for await (const line of merged(
    sources.map((source) => containerLines(docker, source, { ...question, mode: 'Once' }, signal)),
  )) {
    told.set(line.service, line.time);
    yield line;
  }
  if (question.mode === 'Follow') yield* followed(docker, project, services, told, signal);
}

async function findSources(
  docker: DockerClient,
  project: string,
  services: readonly string[],
  signal: AbortSignal,
): Promise<readonly Source[]> {
  try {
    const filters = { label: [`${labels.project}=${project}`] };
    const found = await docker.api.listContainers({ all: true, filters, abortSignal: bounded(signal) });
    return projectContainers(found, project)
      .map((one) => ({ id: one.Id, service: one.Labels[labels.service] ?? '' }))
      .filter(({ service }) => services.includes(service));
  } catch (error) {
    throw dockerError(docker.host, 'the list of containers', error, signal);
  }
}

/**
 * Yields the lines of one container. Ends with the container, or at once when only existing lines are wanted.
 */
async function* containerLines(
  docker: DockerClient,
  source: Source,
  question: LogQuestion,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const end = new AbortController();
  const abortSignal = AbortSignal.any([signal, end.signal]);
  const lines = new LogLines();
  try {
    const { tail, sinceSeconds, mode } = question;
    const since =
      sinceSeconds === undefined ? {} : { since: Math.floor(Date.now() / 1000) - Math.ceil(sinceSeconds) };
    const wanted = { tail: String(tail), follow: mode === 'Follow', timestamps: true as const, ...since };
    const stream = await openLog(docker.streams, source.id, wanted, abortSignal);
    for await (const chunk of stream)
      for (const line of lines.add(chunk)) yield { service: source.service, ...line };
    for (const line of lines.end()) yield { service: source.service, ...line };
  } catch (error) {
    // The container was removed after the list was made.
    if (statusCode(error) === 404) return;
    throw dockerError(docker.host, `the log of ${source.service}`, error, signal);
  } finally {
    end.abort();
  }
}

/** Merges several sequences, each sorted by time. */
async function* merged(
  sequences: readonly AsyncGenerator<LogLine, void, undefined>[],
): AsyncGenerator<LogLine, void, undefined> {
  const heads: { sequence: AsyncGenerator<LogLine, void, undefined>; line: LogLine }[] = [];
  const advance = async (sequence: AsyncGenerator<LogLine, void, undefined>): Promise<void> => {
    const { done, value } = await sequence.next();
    if (done !== true) heads.push({ sequence, line: value });
  };
  try {
    await Promise.all(sequences.map(advance));
    for (;;) {
      const first = heads.reduce<(typeof heads)[number] | undefined>(
        (least, head) => (least === undefined || head.line.time < least.line.time ? head : least),
        undefined,
      );
      if (first === undefined) return;
      heads.splice(heads.indexOf(first), 1);
      yield first.line;
      await advance(first.sequence);
    }
  } finally {
    await Promise.all(sequences.map((sequence) => sequence.return()));
  }
}

/** @param told time of the last line of each service that was already handed out. */
async function* followed(
  docker: DockerClient,
  project: string,
  services: readonly string[],
  told: Map<string, string>,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const end = new AbortController();
  const inner = AbortSignal.any([signal, end.signal]);
  const handover = new Handover<LogLine>(linesInFlight);
  const attached = new Set<string>();
  const fail = (error: unknown): void => handover.end({ error });
  const read = async (source: Source): Promise<void> => {
    const last = told.get(source.service);
    const since =
      last === undefined ? {} : { sinceSeconds: Math.max(0, (Date.now() - Date.parse(last)) / 1000) };
    for await (const line of containerLines(
      docker,
      source,
      { tail: 'all', mode: 'Follow', ...since },
      inner,
    )) {
      // `since` has only whole seconds.
      if (line.time <= (told.get(source.service) ?? '')) continue;
      told.set(source.service, line.time);
      await handover.put(line);
    }
    attached.delete(source.id);
  };
  const attach = async (): Promise<void> => {
    for (const source of await findSources(docker, project, services, inner)) {
      if (attached.has(source.id)) continue;
      attached.add(source.id);
      void read(source).catch(fail);
    }
  };
  const look = (): void => void attach().catch(fail);
  const watch = async (): Promise<void> => {
    for await (const event of containerEvents(docker, inner, look))
      if (event.project === project && event.action === 'start') await attach();
  };
  try {
    // The list is made again when the events are open: what started in between was in neither.
    void watch().catch(fail);
    look();
    yield* handover.take();
  } finally {
    end.abort(new Error('nobody listens any more'));
  }
}
