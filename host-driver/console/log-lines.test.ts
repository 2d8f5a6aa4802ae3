import { describe, expect, it } from 'vitest';
import { LogLines } from './log-lines.ts';

const time = '2026-11-23T12:00:00.000000001Z';

function frame(stream: 1 | 2, text: string): Buffer {
  return bareFrame(stream, `${time} ${text}`);
}

function bareFrame(stream: 1 | 2 | 3, text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

const oneLine = { stream: 'stdout', time, text: 'grüß Gott' };

describe('a container’s log', () => {
  it('becomes lines with time and stream', () => {
    const log = Buffer.concat([frame(1, 'grüß Gott\n'), frame(2, 'oh\n')]);
    expect(new LogLines().add(log)).toEqual([oneLine, { stream: 'stderr', time, text: 'oh' }]);
  });

  it('may arrive byte by byte', () => {
    const lines = new LogLines();
    const found = [...frame(1, 'grüß Gott\n')].flatMap((byte) => lines.add(Buffer.from([byte])));
    expect(found).toEqual([oneLine]);
  });

  it('joins a line that Docker cut into frames, even in the middle of a character', () => {
    const [, umlaut] = [Buffer.from('grü'), Buffer.from('ü')];
    const cut = frame(1, 'grü').subarray(0, -1);
    cut.writeUInt32BE(cut.length - 8, 4);
    const rest = Buffer.concat([frame(1, ''), umlaut.subarray(1), Buffer.from('ß Gott\n')]);
    rest.writeUInt32BE(rest.length - 8, 4);
    expect(new LogLines().add(Buffer.concat([cut, rest]))).toEqual([oneLine]);
  });

  it('gives an unfinished line at its end', () => {
    const lines = new LogLines();
    expect(lines.add(frame(1, 'no newline'))).toEqual([]);
    expect(lines.end()).toEqual([{ stream: 'stdout', time, text: 'no newline' }]);
    expect(lines.end()).toEqual([]);
  });

  it('keeps an empty line', () => {
    expect(new LogLines().add(frame(1, '\n'))).toEqual([{ stream: 'stdout', time, text: '' }]);
  });

  it('has Docker’s own errors as lines without a time, also within a line', () => {
    const log = Buffer.concat([
      frame(2, 'half '),
      bareFrame(3, 'Error grabbing logs: unexpected EOF\n'),
      frame(2, 'line\n'),
    ]);
    expect(new LogLines().add(log)).toEqual([
      { stream: 'stderr', time: '', text: 'Error grabbing logs: unexpected EOF' },
      { stream: 'stderr', time, text: 'half line' },
    ]);
  });

  it.each(['Error of something', '2026-99-99T12:00:00.000000001Z text', 'word', ''])(
    'has no time in %j',
    (text) =>
      expect(new LogLines().add(bareFrame(1, `${text}\n`))).toEqual([{ stream: 'stdout', time: '', text }]),
  );
  it('has the time zone of the host', () => {
    const local = '2026-11-23T13:00:00.000000001+01:00';
    expect(new LogLines().add(bareFrame(1, `${local} text\n`))).toEqual([
      { stream: 'stdout', time: local, text: 'text' },
    ]);
  });
});
