import { describe, expect, test } from 'vitest';
import {
  endPiece,
  payload,
  removePiece,
  renamePiece,
  seekPiece,
} from '../../test/support/backup/xbstream.ts';
import { XbstreamReader } from './xbstream.ts';

/** Collects in memory what a stream contains. */
function read(stream: Buffer, pieceBytes = stream.length): Record<string, string> {
  const all: { content: Buffer[]; gone: boolean }[] = [];
  const reader = new XbstreamReader({
    begin: () => {
      const file = { content: [] as Buffer[], gone: false };
      all.push(file);
      return {
        file,
        write: (bytes: Buffer) => void file.content.push(Buffer.from(bytes)),
        zeros: (length: number) => void file.content.push(Buffer.alloc(length)),
        end: () => undefined,
        giveUp: () => void (file.gone = true),
      };
    },
  });
  for (let at = 0; at < stream.length; at += pieceBytes) {
    // The buffer is reused, like the pipe's.
    const piece = Buffer.from(stream.subarray(at, at + pieceBytes));
    reader.push(piece);
    piece.fill(0xee);
  }
  reader.end();
  return Object.fromEntries(
    [...reader.files].map(([path, file]) => [
      path,
      Buffer.concat((file as unknown as { file: { content: Buffer[] } }).file.content).toString('latin1'),
    ]),
  );
}

const stream = Buffer.concat([
  payload('./jtel/calls.ibd', 0, 'hello '),
  payload('ib_logfile0', 0, 'redo'),
  payload('./jtel/calls.ibd', 6, 'world'),
  endPiece('./jtel/calls.ibd'),
  endPiece('ib_logfile0'),
  endPiece('empty'),
]);

describe('a stream', () => {
  test.each([1, 2, 7, 13, 64, 1000])('gives its files, in pieces of %i bytes', (pieceBytes) => {
    expect(read(stream, pieceBytes)).toEqual({
      'jtel/calls.ibd': 'hello world',
      ib_logfile0: 'redo',
      empty: '',
    });
  });

  test('leaves zeros out; a seek at the end leaves none, as with mbstream', () => {
    expect(
      read(
        Buffer.concat([
          payload('a', 0, 'x'),
          seekPiece('a', 4),
          payload('a', 4, 'y'),
          seekPiece('a', 90),
          endPiece('a'),
        ]),
      ),
    ).toEqual({ a: 'x\0\0\0y' });
  });

  test('may write a file again, rename and remove it', () => {
    const made = Buffer.concat([
      payload('a', 0, 'old'),
      endPiece('a'),
      payload('a', 0, 'new', 2),
      endPiece('a'),
      payload('b', 0, 'b'),
      endPiece('b'),
      renamePiece('b', 'c'),
      payload('d', 0, 'd'),
      endPiece('d'),
      removePiece('d'),
    ]);
    expect(read(made)).toEqual({ a: 'new', c: 'b' });
  });

  test('skips unknown pieces that may be skipped', () => {
    const unknown = payload('later', 0, 'whatever', 1);
    unknown.write('X', 9, 'latin1');
    expect(read(Buffer.concat([unknown, payload('a', 0, 'a'), endPiece('a')]))).toEqual({ a: 'a' });
  });
});

describe('a stream that is not whole', () => {
  /** Only the tool's exit code and last words show that more was to come. */
  const betweenFiles = stream.length - endPiece('empty').length;

  test('is refused wherever it is cut off, but between files', () => {
    const cuts = Array.from({ length: stream.length - 1 }, (_, index) => index + 1).filter(
      (length) => length !== betweenFiles,
    );
    const unnoticed = cuts.filter((length) => {
      try {
        read(stream.subarray(0, length));
        return true;
      } catch (error) {
        return !/it ends (in the middle|before)/.test(String(error));
      }
    });
    expect(unnoticed).toEqual([]);
  });
});

describe('a hostile stream', () => {
  const wrong = (
    change: (bytes: Buffer) => void,
    base = Buffer.concat([payload('a', 0, 'data'), endPiece('a')]),
  ): Buffer => {
    const bytes = Buffer.from(base);
    change(bytes);
    return bytes;
  };
  test.each([
    ['with another magic', wrong((bytes) => bytes.write('XBSTCK02', 0)), 'does not begin'],
    ['with an unknown type', wrong((bytes) => bytes.write('X', 9)), 'unknown type "X"'],
    [
      'with a path of 4 GiB',
      wrong((bytes) => bytes.writeUInt32LE(0xffff_ffff, 10)),
      'a path has 4294967295 bytes',
    ],
    ['with an empty path', wrong((bytes) => bytes.writeUInt32LE(0, 10)), 'a path has 0 bytes'],
    ['with a length beyond numbers', wrong((bytes) => bytes.writeBigUInt64LE(2n ** 63n, 15)), 'too large'],
    [
      'with an offset that is not the next',
      wrong((bytes) => bytes.writeBigUInt64LE(5n, 23)),
      'goes on at 5 instead of 0',
    ],
    [
      'that goes back',
      Buffer.concat([payload('a', 0, 'data'), seekPiece('a', 1), payload('a', 1, 'x'), endPiece('a')]),
      'goes on at 1',
    ],
    [
      'with a hole of a terabyte',
      Buffer.concat([
        payload('a', 0, 'data'),
        seekPiece('a', 2 ** 40),
        payload('a', 2 ** 40, 'x'),
        endPiece('a'),
      ]),
      'has a hole',
    ],
    [
      'with the same file twice',
      Buffer.concat([payload('a', 0, 'a'), endPiece('a'), payload('a', 0, 'b'), endPiece('a')]),
      'comes twice',
    ],
    ['that renames what is not there', renamePiece('a', 'b'), 'never there'],
    ['that removes what is not there', removePiece('a'), 'never there'],
    ...['../a', '/a', 'a/../../b', 'a//b', 'a/', '.', 'a\0b'].map(
      (path) =>
        [
          `with the path ${JSON.stringify(path)}`,
          Buffer.concat([payload(path, 0, 'a'), endPiece(path)]),
          'leads out',
        ] as const,
    ),
    [
      'that renames out of the directory',
      Buffer.concat([payload('a', 0, 'a'), endPiece('a'), renamePiece('a', '../b')]),
      'leads out',
    ],
  ] as const)('%s is refused', (_what, bytes, message) => {
    const refusal = expect.objectContaining({
      reason: 'ProducerFailed',
      message: expect.stringContaining(message),
    });
    expect(() => read(bytes)).toThrow(refusal);
    expect(() => read(bytes, 3)).toThrow(refusal);
  });
});
