/**
 * Turns Docker's log frames, which arrive in pieces, into lines with the time at which each was written. Pure
 * but for its buffer.
 */
import { ByteCollector } from '../../base/byte-collector.ts';
import type { LogLine } from '../console.ts';

type Stream = LogLine['stream'];
/** Its time is empty when Docker gave none. */
export type TimedLine = Omit<LogLine, 'service'>;

/** Docker's own words, such as `Error grabbing logs: …`. They have no time. */
const systemError = 3;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** A line is cut here. More than this without a line end is not text. */
const longestLine = 1024 * 1024;
/** Docker's have 16 KiB and a time. */
const longestFrame = 1024 * 1024;

/** Takes the chunks of one container's log (`timestamps=1`, no terminal) and returns the complete lines. */
export class LogLines {
  #rest = new ByteCollector();
  /** Docker splits lines of more than 16 KiB into frames, each with its own time. */
  readonly #begun: Record<Stream, { time: string; text: ByteCollector } | undefined> = {
    stdout: undefined,
    stderr: undefined,
  };

  /** @throws SyntaxError for what Docker does not write */
  add(chunk: Buffer): TimedLine[] {
    this.#rest.add(chunk);
    const data = this.#rest.bytes();
    const lines: TimedLine[] = [];
    let at = 0;
    while (at + 8 <= data.length) {
      const length = data.readUInt32BE(at + 4);
      if (length > longestFrame) throw new SyntaxError('a frame without end');
      if (at + 8 + length > data.length) break;
      const line = this.#frame(data.readUInt8(at), data.subarray(at + 8, at + 8 + length));
      if (line !== undefined) lines.push(line);
      at += 8 + length;
    }
    if (at > 0) {
      this.#rest = new ByteCollector();
      this.#rest.add(data.subarray(at));
    }
    return lines;
  }

  /** Text that the container wrote without a line end. */
  end(): TimedLine[] {
    return (['stdout', 'stderr'] as const).flatMap((stream) => this.#finish(stream) ?? []);
  }

  #frame(type: number, payload: Buffer): TimedLine | undefined {
    if (type === systemError)
      return { stream: 'stderr', time: '', text: payload.toString('utf8').replace(/\r?\n$/, '') };
    const stream = type === 2 ? 'stderr' : 'stdout';
    const time = timeOf(payload);
    const isComplete = payload.at(-1) === 0x0a;
    const text = payload.subarray(time === '' ? 0 : time.length + 1, isComplete ? -1 : undefined);
    const begun = (this.#begun[stream] ??= { time, text: new ByteCollector() });
    begun.text.add(text);
    return isComplete || begun.text.length >= longestLine ? this.#finish(stream) : undefined;
  }

  #finish(stream: Stream): TimedLine | undefined {
    const begun = this.#begun[stream];
    this.#begun[stream] = undefined;
    return (
      begun && {
        stream,
        time: begun.time,
        text: begun.text.bytes().toString('utf8').replace(/\r$/, ''),
      }
    );
  }
}

/** @returns the time that a frame begins with, or nothing. */
function timeOf(payload: Buffer): string {
  const word = payload.subarray(0, Math.max(payload.indexOf(0x20), 0)).toString('latin1');
  return rfc3339.test(word) && !Number.isNaN(Date.parse(word)) ? word : '';
}
