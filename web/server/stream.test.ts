import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aBackup } from '../../controllers/backup/testing.ts';
import type { StackRow } from '../protocol.ts';
import { stream, usualTimes, type StreamTimes } from './stream.ts';
import { aFleet, aViewer, stackOf, type MemoryFleet } from './testing.ts';
import type { Viewer } from './viewer.ts';

interface Got {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: {
    readonly isFirst?: boolean;
    readonly isLast?: boolean;
    readonly stacks?: readonly (StackRow | string)[];
  };
}

/** A page that reads as fast as its test does. */
class Reader {
  readonly output = new PassThrough({ highWaterMark: 1024 });
  readonly #controller = new AbortController();
  readonly done: Promise<void>;
  #text = '';

  constructor(
    fleet: MemoryFleet,
    viewer: Viewer = aViewer(),
    {
      lastEventID,
      times,
      admit,
    }: { lastEventID?: string; times?: Partial<StreamTimes>; admit?: () => Viewer } = {},
  ) {
    this.done = stream(
      {
        fleet: fleet.fleet,
        output: this.output,
        lastEventID,
        about: () => ({ version: '1', servedBy: 'Plugin', contexts: [], limits: [], canSignOut: false }),
        admit: async () => admit?.() ?? viewer,
        times: { ...usualTimes, ...times },
        signal: this.#controller.signal,
      },
      viewer,
    );
    onTestFinished(async () => {
      this.#controller.abort();
      await this.done.catch(() => undefined);
      fleet.fleet.close();
    });
  }

  /** Reads until the next event. */
  async next(): Promise<Got> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end < 0) {
        this.#text += await this.#read();
        continue;
      }
      const lines = this.#text.slice(0, end).split('\n');
      this.#text = this.#text.slice(end + 2);
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const event = field('event');
      if (event === undefined) continue;
      return { event, id: field('id'), data: JSON.parse(field('data') ?? '') as Got['data'] };
    }
  }

  async #read(): Promise<string> {
    for (;;) {
      const chunk = this.output.read() as Buffer | null;
      if (chunk !== null) return chunk.toString();
      await new Promise<void>((resolve) => this.output.once('readable', () => resolve()));
    }
  }
}

const keysOf = ({ data }: Got): readonly string[] =>
  (data.stacks ?? []).map((row) => (typeof row === 'string' ? row : row.key));
const ready = { phase: 'Ready' } as const;

describe('the stream of a page', () => {
  it('begins with everything, the most urgent first, in parts', async () => {
    const many = Array.from({ length: 150 }, (_, index) => stackOf('acme', `s${index}`, ready));
    const reader = new Reader(aFleet([...many, stackOf('acme', 'stuck', { phase: 'Stalled' })]));
    const [first, last] = [await reader.next(), await reader.next()];
    expect(first).toMatchObject({ event: 'snapshot', id: undefined, data: { isFirst: true, isLast: false } });
    expect(keysOf(first)).toHaveLength(100);
    expect(keysOf(first)[0]).toBe('acme/stuck');
    expect(last).toMatchObject({ event: 'snapshot', data: { isFirst: false, isLast: true } });
    expect(keysOf(last)).toHaveLength(51);
    expect(last.id).toBeDefined();
  });

  it('tells changes that were gathered, and those that went', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready), stackOf('acme', 'old', ready)]);
    const reader = new Reader(fleet);
    await reader.next();
    fleet.stacks.put(stackOf('acme', 'main', { phase: 'Updating' }));
    fleet.stacks.put(stackOf('acme', 'main', { phase: 'Degraded' }));
    fleet.stacks.remove(stackOf('acme', 'old'));
    fleet.fleet.flush();
    expect(await reader.next()).toMatchObject({ event: 'removed', data: { stacks: ['acme/old'] } });
    expect(await reader.next()).toMatchObject({
      event: 'changed',
      data: { stacks: [{ phase: 'Degraded' }] },
    });
  });

  it('tells nothing of a change that nobody would see', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready)]);
    fleet.stacks.put(stackOf('acme', 'main', ready));
    const before = fleet.fleet.log.position;
    fleet.fleet.flush();
    expect(fleet.fleet.log.position).toBe(before);
    fleet.fleet.close();
  });

  it('continues after what a page has, and begins anew for others', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready), stackOf('acme', 'other', ready)]);
    const { id = '' } = await new Reader(fleet).next();
    fleet.stacks.put(stackOf('acme', 'main', { phase: 'Degraded' }));
    fleet.fleet.flush();
    const resumed = await new Reader(fleet, aViewer(), { lastEventID: id }).next();
    expect(resumed.event).toBe('changed');
    expect(keysOf(resumed)).toEqual(['acme/main']);
    for (const lastEventID of ['', `0${id}`, id.replace('all', 'few'), `${id}9`, 'x\ny', '1.1'])
      expect((await new Reader(fleet, aViewer(), { lastEventID }).next()).event).toBe('snapshot');
  });

  it('sends a page that reads slowly the present state, however much happened meanwhile', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready)]);
    const reader = new Reader(fleet);
    await reader.next();
    for (let round = 0; round < 1000; round += 1) {
      fleet.stacks.put(stackOf('acme', 'main', { ...ready, message: `round ${round} ${'x'.repeat(900)}` }));
      fleet.fleet.flush();
    }
    // What waits for the page is one write beyond its buffer.
    expect(reader.output.readableLength + reader.output.writableLength).toBeLessThan(8_000);
    let last = await reader.next();
    while (!JSON.stringify(last.data).includes('round 999')) last = await reader.next();
    expect(last.event).toBe('changed');
  });

  it('sends everything anew to a page that was away for too long', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready)]);
    const { id = '' } = await new Reader(fleet).next();
    for (let round = 0; round < 12_000; round += 1) {
      fleet.stacks.put(stackOf('acme', 'main', { ...ready, message: `round ${round}` }));
      fleet.fleet.flush();
    }
    expect((await new Reader(fleet, aViewer(), { lastEventID: id }).next()).event).toBe('snapshot');
  });

  it('drops a page that reads nothing', async () => {
    const fleet = aFleet([stackOf('acme', 'main', { ...ready, message: 'x'.repeat(5000) })]);
    const reader = new Reader(fleet, aViewer(), { times: { patienceSeconds: 0.01 } });
    await expect(reader.done).rejects.toThrow('has read nothing for');
  });

  it('shows only the namespaces that the viewer may see, also of what went', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready), stackOf('other', 'main', ready)]);
    const reader = new Reader(fleet, aViewer(['acme']));
    expect(keysOf(await reader.next())).toEqual(['acme/main']);
    fleet.stacks.remove(stackOf('other', 'main'));
    fleet.fleet.flush();
    fleet.stacks.put(stackOf('acme', 'main', { phase: 'Degraded' }));
    fleet.fleet.flush();
    expect(await reader.next()).toMatchObject({
      event: 'changed',
      data: { stacks: [{ namespace: 'acme' }] },
    });
  });

  it('shows nothing that follows from backups to those who may not read them', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready)]);
    fleet.backups.put(aBackup({ phase: 'Completed', startTime: '2026-03-01T02:00:00Z' }));
    fleet.fleet.flush();
    const [row] = (await new Reader(fleet).next()).data.stacks ?? [];
    expect(row).toHaveProperty('backups.days');
    const blind = aViewer(undefined, { sees: (_, what) => what !== 'backups' });
    const [bare] = (await new Reader(fleet, blind).next()).data.stacks ?? [];
    expect(bare).toMatchObject({ key: 'acme/main' });
    expect(bare).not.toHaveProperty('backups');
  });

  it('begins anew when the viewer sees something else, and ends when nobody is known any more', async () => {
    const fleet = aFleet([stackOf('acme', 'main', ready), stackOf('other', 'main', ready)]);
    const times = { renewSeconds: 0.01 };
    const reader = new Reader(fleet, aViewer(['acme']), {
      times,
      admit: () => aViewer(['acme', 'other'], { rights: 'more' }),
    });
    expect(keysOf(await reader.next())).toEqual(['acme/main']);
    expect(keysOf(await reader.next())).toEqual(['acme/main', 'other/main']);
    const refused = new Reader(fleet, aViewer(), {
      times,
      admit: () => ({ how: 'Token', message: 'Your token has expired.' }) as unknown as Viewer,
    });
    await refused.next();
    expect(await refused.next()).toMatchObject({ event: 'ended', data: { reason: 'SignIn' } });
    await refused.done;
  });

  it('shows that it lives while nothing happens', async () => {
    const reader = new Reader(aFleet(), aViewer(), { times: { heartbeatSeconds: 0.01 } });
    let text = '';
    for await (const chunk of reader.output) {
      text += String(chunk);
      if (text.includes('\n\n:\n\n')) break;
    }
    expect(text).toContain('\n\n:\n\n');
  });

  it('leaves nothing behind while nothing happens', async () => {
    const fleet = aFleet();
    const reader = new Reader(fleet, aViewer(), { times: { heartbeatSeconds: 0.001 } });
    let text = '';
    for await (const chunk of reader.output) {
      text += String(chunk);
      if (text.endsWith(':\n\n'.repeat(20))) break;
    }
    expect(fleet.fleet.waiting).toBeLessThanOrEqual(1);
  });
});
