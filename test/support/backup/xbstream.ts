/** Pieces of the stream that mariadb-backup writes, for tests. */
import { crc32 } from 'node:zlib';

function piece(type: string, path: string, rest: readonly Buffer[], flags = 0): Buffer {
  const name = Buffer.from(path);
  const head = Buffer.alloc(14);
  head.write('XBSTCK01', 'latin1');
  head.writeUInt8(flags, 8);
  head.write(type, 9, 'latin1');
  head.writeUInt32LE(name.length, 10);
  return Buffer.concat([head, name, ...rest]);
}

function number64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** @param flags 1: may be ignored, 2: replaces an earlier file of this name. */
export function payload(path: string, offset: number, content: string | Buffer, flags = 0): Buffer {
  const bytes = Buffer.from(content as string);
  return piece('P', path, [number64(bytes.length), number64(offset), number32(crc32(bytes)), bytes], flags);
}

export function endPiece(path: string): Buffer {
  return piece('E', path, []);
}

export function seekPiece(path: string, offset: number): Buffer {
  return piece('S', path, [number64(offset)]);
}

export function renamePiece(from: string, to: string): Buffer {
  return piece('R', from, [number32(Buffer.byteLength(to)), Buffer.from(to)]);
}

export function removePiece(path: string): Buffer {
  return piece('D', path, []);
}
