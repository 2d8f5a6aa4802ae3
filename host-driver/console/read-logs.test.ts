/** Logs of containers that stop, start, are replaced and fail while they are read, from a Docker made up here. */
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { LogLine, LogQuestion } from '../console.ts';
import type { DockerClient } from '../docker/client.ts';
import type { Answered, DockerQuestion } from '../docker/whole-answers.ts';
import { readLogs } from './read-logs.ts';

const labels = { 'com.docker.compose.project': 'p', 'com.docker.compose.service': 'web' };
const started = `${JSON.stringify({ Action: 'start', time: 1, Actor: { Attributes: labels } })}\n`;

function frame(type: 1 | 2 | 3, text: string): Buffer {
  const payload = Buffer.from(`${text}\n`);
  const head = Buffer.alloc(8);
  head[0] = type;
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

function at(seconds: number, text: string, type: 1 | 2 = 1): Buffer {
  return frame(type, `${timeOf(seconds)} ${text}`);
}

function timeOf(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 30, 10) + seconds * 1000).toISOString().replace('Z', '000000Z');
}

/** All containers are of one service. A log that is asked for again has the text that `existing` has then. */
class FakeDocker {
  readonly containers: string[] = [];
  readonly existing = new Map<string, Buffer[] | number>();
  readonly following = new Map<string, PassThrough>();
  readonly events = new PassThrough();
  readonly listed = vi.fn<() => void>();
  readonly client = {
    host: 'host',
    api: {
      listContainers: async () => {
        this.listed();
        return this.containers.map((Id) => ({ Id, Labels: labels }));
      },
    },
    streams: {
      getEvents: async () => this.events,
      modem: { dial: (question: DockerQuestion, answered: Answered) => this.#dial(question, answered) },
    },
  } as unknown as DockerClient;

  #dial({ path, options }: DockerQuestion, answered: Answered): void {
    const id = path.split('/')[2] ?? '';
    const log = this.existing.get(id) ?? [];
    if (typeof log === 'number') {
      answered(Object.assign(new Error(`HTTP ${log}`), { statusCode: log }));
      return;
    }
    const { follow, tail } = options as { follow: boolean; tail: string };
    const stream = new PassThrough();
    for (const one of tail === 'all' ? log : log.slice(-Number(tail))) stream.write(one);
    if (follow) this.following.set(id, stream);
    else stream.end();
    answered(undefined, stream);
  }

  read(question: LogQuestion): AsyncGenerator<LogLine, void, undefined> {
    return readLogs(this.client, 'p', ['web'], question, new AbortController().signal);
  }
}

/** The texts up to this one. */
async function textsUntil(last: string, lines: AsyncIterator<LogLine>): Promise<string[]> {
  const texts: string[] = [];
  while (texts.at(-1) !== last) {
    const { done, value } = await lines.next();
    if (done === true) throw new Error(`the end came after ${texts.join(', ')}`);
    texts.push(value.text);
  }
  return texts;
}

const everything = { tail: 'all', mode: 'Follow' } as const;

describe('followed logs', () => {
  it('have all lines of a container that replaces one, whatever their times', async () => {
    const docker = new FakeDocker();
    docker.containers.push('old');
    docker.existing.set('old', [at(5, 'old')]);
    const lines = docker.read(everything);
    expect(await textsUntil('old', lines)).toEqual(['old']);
    docker.containers.push('new');
    docker.existing.set('new', [
      at(4, 'earlier than the old one'),
      at(9, 'warns', 2),
      at(8, 'up'),
      at(10, 'end'),
    ]);
    docker.events.write(started);
    expect(await textsUntil('end', lines)).toEqual(['earlier than the old one', 'warns', 'up', 'end']);
    await lines.return();
  });

  it('have a line that Docker wrote after a later one of the other stream', async () => {
    const docker = new FakeDocker();
    docker.containers.push('a');
    const before = [at(1, 'begin'), at(3, 'warns', 2)];
    docker.existing.set('a', before);
    const lines = docker.read(everything);
    await textsUntil('warns', lines);
    docker.existing.set('a', [...before, at(2, 'up'), at(4, 'end')]);
    expect(await textsUntil('end', lines)).toEqual(['up', 'end']);
    await lines.return();
  });

  it.each([
    [1, ['last']],
    [0, []],
  ])('with the last %i lines have no older ones of either stream', async (tail, shown) => {
    const docker = new FakeDocker();
    docker.containers.push('a');
    docker.existing.set('a', [at(1, 'old', 2), at(2, 'older'), at(3, 'last')]);
    const lines = docker.read({ tail, mode: 'Follow' });
    const next = textsUntil('end', lines);
    await vi.waitFor(() => expect(docker.following.has('a')).toBe(true), { timeout: 20_000 });
    docker.following.get('a')?.write(Buffer.concat([at(4, 'new', 2), at(5, 'end')]));
    expect(await next).toEqual([...shown, 'new', 'end']);
    await lines.return();
  });

  it('go on with a container that started again before the end of its log was read', async () => {
    const docker = new FakeDocker();
    docker.containers.push('a');
    docker.existing.set('a', [at(1, 'first life')]);
    const lines = docker.read(everything);
    await textsUntil('first life', lines);
    const next = textsUntil('second life', lines);
    await vi.waitFor(() => expect(docker.following.has('a')).toBe(true), { timeout: 20_000 });
    const listed = docker.listed.mock.calls.length;
    docker.events.write(started);
    await vi.waitFor(() => expect(docker.listed.mock.calls.length).toBeGreaterThan(listed), {
      timeout: 20_000,
    });
    docker.existing.set('a', [at(1, 'first life'), at(2, 'second life')]);
    docker.following.get('a')?.end();
    expect(await next).toEqual(['second life']);
    await lines.return();
  });

  it('go on after an error of Docker, which is told when it comes', async () => {
    const docker = new FakeDocker();
    docker.containers.push('a', 'b');
    docker.existing.set('a', [at(1, 'up'), frame(3, 'Error grabbing logs: EOF'), at(3, 'later')]);
    docker.existing.set('b', [at(2, 'b up'), at(4, 'b later')]);
    const lines = docker.read(everything);
    const existing = await textsUntil('b later', lines);
    expect(existing).toEqual(['up', 'Error grabbing logs: EOF', 'b up', 'later', 'b later']);
    docker.existing.delete('a');
    const next = textsUntil('news', lines);
    await vi.waitFor(() => expect(docker.following.has('a')).toBe(true), { timeout: 20_000 });
    docker.following.get('a')?.write(at(9, 'news'));
    expect(await next).toEqual(['news']);
    await lines.return();
  });
});

it('an error of Docker has the time of its arrival', async () => {
  const docker = new FakeDocker();
  docker.containers.push('a');
  docker.existing.set('a', [frame(3, 'Error grabbing logs: EOF')]);
  const { value } = await docker.read({ tail: 'all', mode: 'Once' }).next();
  expect(value).toEqual({
    service: 'web',
    stream: 'stderr',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
    text: 'Error grabbing logs: EOF',
  });
});

it.each([404, 409])(
  'a container that is being removed (%i) does not end the logs of others',
  async (status) => {
    const docker = new FakeDocker();
    docker.containers.push('dying', 'a');
    docker.existing.set('dying', status).set('a', [at(1, 'here')]);
    expect(await textsUntil('here', docker.read({ tail: 'all', mode: 'Once' }))).toEqual(['here']);
  },
);
