/**
 * Reads logs of several containers as one stream of lines: first what Docker has, sorted by time, then new
 * lines as they come.
 */
import { optional } from '../../base/optional.ts';
import type { LogLine, LogQuestion } from '../console.ts';
import { bounded, dockerError, statusCode } from '../docker/client.ts';
import type { DockerClient } from '../docker/client.ts';
import { labels, projectContainers } from '../docker/containers.ts';
import { containerEvents } from '../docker/events.ts';
import { openLog } from '../docker/logs.ts';
import { Handover } from './handover.ts';
import { LogLines, type TimedLine } from './log-lines.ts';
import { ToldLines } from './told-lines.ts';

const linesInFlight = 500;

interface Source {
  readonly id: string;
  readonly service: string;
}

interface Wanted {
  readonly tail: number | 'all';
  readonly follow: boolean;
  /** Seconds since 1970. */
  readonly since: number | undefined;
}

export async function* readLogs(
  docker: DockerClient,
  project: string,
  services: readonly string[],
  question: LogQuestion,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const { sinceSeconds, mode } = question;
  const since =
    sinceSeconds === undefined ? undefined : Math.floor(Date.now() / 1000) - Math.ceil(sinceSeconds);
  // Following begins after the last line, so it is read also when nobody wants to see it.
  const tail = question.tail === 0 ? 1 : question.tail;
  const sources = await findSources(docker, project, services, signal);
  const told = new Map(sources.map(({ id }) => [id, new ToldLines(tail, since)]));
  const existing = sources.map((source) => {
    const wanted = { tail, follow: false, since };
    return containerLines(docker, source, wanted, toldOf(told, source), signal);
  });
  for await (const line of merged(existing)) if (question.tail !== 0) yield dated(line);
  if (mode === 'Follow') yield* followed(docker, project, services, told, signal);
}

/** A container that was made later is told from its beginning. */
function toldOf(told: Map<string, ToldLines>, { id }: Source): ToldLines {
  const known = told.get(id) ?? new ToldLines();
  told.set(id, known);
  return known;
}

/** What Docker gave no time has the time of its arrival. */
function dated(line: LogLine): LogLine {
  return line.time === '' ? { ...line, time: new Date().toISOString().replace('Z', '000000Z') } : line;
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
 * Yields the lines of one container that were not told yet, and notes them as told. Ends with the container, or
 * at once when only existing lines are wanted.
 */
async function* containerLines(
  docker: DockerClient,
  { id, service }: Source,
  { tail, follow, since }: Wanted,
  told: ToldLines,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const end = new AbortController();
  const abortSignal = AbortSignal.any([signal, end.signal]);
  const lines = new LogLines();
  const floor = told.floor();
  const news = (all: readonly TimedLine[]): LogLine[] =>
    all
      .filter(({ stream, time }) => time === '' || time > floor[stream])
      .map((line) => {
        told.note(line);
        return { service, ...line };
      });
  try {
    const wanted = { tail: String(tail), follow, timestamps: true as const, ...optional({ since }) };
    const stream = await openLog(docker.streams, id, wanted, abortSignal);
    for await (const chunk of stream) yield* news(lines.add(chunk));
    yield* news(lines.end());
  } catch (error) {
    // The container was removed after the list was made, or is being removed.
    if ([404, 409].includes(statusCode(error) ?? 0)) return;
    throw dockerError(docker.host, `the log of ${service}`, error, signal);
  } finally {
    end.abort();
  }
}

/** Merges several sequences, each sorted by time. What has no time comes when its turn is. */
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

/** @param told what was already handed out, by container. */
async function* followed(
  docker: DockerClient,
  project: string,
  services: readonly string[],
  told: Map<string, ToldLines>,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const end = new AbortController();
  const inner = AbortSignal.any([signal, end.signal]);
  const handover = new Handover<LogLine>(linesInFlight);
  /** Containers that are read, and whether one may have started since that reading began. */
  const attached = new Map<string, { startedAgain: boolean }>();
  const fail = (error: unknown): void => handover.end({ error });
  const read = async (source: Source): Promise<void> => {
    const state = { startedAgain: false };
    attached.set(source.id, state);
    do {
      state.startedAgain = false;
      const known = toldOf(told, source);
      const wanted = { tail: 'all' as const, follow: true, since: known.since() };
      for await (const line of containerLines(docker, source, wanted, known, inner))
        await handover.put(dated(line));
    } while (state.startedAgain);
    attached.delete(source.id);
  };
  const attach = async (): Promise<void> => {
    for (const source of await findSources(docker, project, services, inner)) {
      const state = attached.get(source.id);
      // The end of the log of its last run may not be read yet.
      if (state !== undefined) state.startedAgain = true;
      else void read(source).catch(fail);
    }
  };
  const look = (): void => void attach().catch(fail);
  const watch = async (): Promise<void> => {
    for await (const event of containerEvents(docker, inner, { opened: look }))
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
