/**
 * Reads Docker's log format for containers without a terminal. Each write is a frame: 8 bytes (stream, 0, 0,
 * 0, length as big-endian), then the payload. dockerode's demuxStream ignores backpressure, and a bounded
 * tail needs no stream at all. Pure.
 */

export interface LogText {
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, in the order in which Docker kept them. */
  readonly all: string;
}

/** A frame that is cut off at the end is left out. */
export function splitLog(raw: Buffer): LogText {
  const parts: { stderr: boolean; payload: Buffer }[] = [];
  let at = 0;
  while (at + 8 <= raw.length) {
    const length = raw.readUInt32BE(at + 4);
    if (at + 8 + length > raw.length) break;
    parts.push({ stderr: raw[at] === 2, payload: raw.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  const text = (which: (part: { stderr: boolean }) => boolean) =>
    Buffer.concat(parts.filter(which).map((part) => part.payload)).toString('utf8');
  return { stdout: text((part) => !part.stderr), stderr: text((part) => part.stderr), all: text(() => true) };
}
