import { execFile } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import { waitFor } from '../../test/support/wait.ts';
import { UnexpectedErrors } from './unexpected-errors.ts';

describe('errors that nobody awaits', () => {
  let source: EventEmitter;
  let logger: RecordingLogger;
  let counted: string[];
  let unexpected: UnexpectedErrors;
  let stop: () => void;

  beforeEach(() => {
    source = new EventEmitter();
    logger = new RecordingLogger();
    counted = [];
    unexpected = new UnexpectedErrors({
      logger,
      metrics: { unexpectedError: (kind) => void counted.push(kind) },
    });
    stop = unexpected.watch(source);
  });
  afterEach(() => stop());

  /** As Node raises it: from a callback that some work has started. */
  function raiseLater(event: 'uncaughtException' | 'unhandledRejection', error: unknown): void {
    setTimeout(() => source.emit(event, error), 1);
  }

  it.each([
    ['uncaughtException', 'exception'],
    ['unhandledRejection', 'rejection'],
  ] as const)('end the work that they come from, and nothing else: %s', async (event, kind) => {
    const fault = new Error('from a callback');
    const other = Promise.withResolvers<string>();
    const never = new Promise<string>(() => {});
    const bad = unexpected.during('a/bad', () => {
      raiseLater(event, fault);
      return never;
    });
    const good = unexpected.during('b/good', () => other.promise);
    await expect(bad).rejects.toBe(fault);
    other.resolve('done');
    expect(await good).toBe('done');
    expect(counted).toEqual([kind]);
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { kind, object: 'a/bad', error: fault } }]);
  });

  it('are counted when the work has ended, or was none, and harm nobody', async () => {
    await unexpected.during('a/over', async () => raiseLater('uncaughtException', new Error('late')));
    await waitFor('the late one', () => counted.length === 1, { intervalMilliseconds: 2 });
    source.emit('uncaughtException', new Error('of nobody'));
    expect(counted).toEqual(['exception', 'exception']);
    expect(logger.lines.map(({ fields }) => fields['object'])).toEqual(['a/over', undefined]);
  });

  it('are counted each time and logged once', () => {
    for (let index = 0; index < 5; index += 1) source.emit('uncaughtException', new Error('again'));
    expect([counted.length, logger.lines.length]).toEqual([5, 1]);
  });

  it('lead Node itself to the work they came from, through callbacks of timers and connections', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      timer: 'Error: in a timer',
      socket: 'Error: in a connection',
      promise: 'Error: of a promise',
      good: 'done',
    });
  });

  it('are left to Node afterwards', () => {
    stop();
    expect([source.listenerCount('uncaughtException'), source.listenerCount('unhandledRejection')]).toEqual([
      0, 0,
    ]);
  });
});

/** Three pieces of work that would each end a process or never end, beside one that is well. */
const program = `
import { connect, createServer } from 'node:net';
import { UnexpectedErrors } from './runtime/control/unexpected-errors.ts';
const unexpected = new UnexpectedErrors({ logger: { error: () => {} } });
unexpected.watch(process);
const raise = (text) => { throw new Error(text); };
const hang = () => new Promise(() => {});
const server = createServer((socket) => socket.end('x'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const works = {
  timer: () => (setTimeout(raise, 1, 'in a timer'), hang()),
  socket: () => (connect(server.address().port, '127.0.0.1').on('data', () => raise('in a connection')), hang()),
  promise: () => (void (async () => raise('of a promise'))(), hang()),
  good: () => new Promise((resolve) => setTimeout(resolve, 50, 'done')),
};
const ends = Object.entries(works).map(async ([name, work]) => [name, await unexpected.during(name, work).catch(String)]);
process.stdout.write(JSON.stringify(Object.fromEntries(await Promise.all(ends))));
process.exit(0);
`;
