/** Data sets as tests need them: whole, and damaged in each way that must be found. */
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Header } from 'tar-stream';

const endMarker = '-- Dump completed on 2026-01-05  6:00:00\n';

/** A lock of the server. While somebody holds it, the load of {@link heldDump} stands still in its middle. */
export const halfWay = 'half-way';

/** The statement that waits for it. */
const waits = `DO GET_LOCK('${halfWay}', 3600);\n`;

/** A dump of two schemas whose table jtel.calls has this many rows. */
export function dumpText(rows: number, inItsMiddle = ''): string {
  const lines = [
    'CREATE DATABASE IF NOT EXISTS `jtel`;\nUSE `jtel`;\nCREATE TABLE calls (id INT PRIMARY KEY, note VARCHAR(100));\n',
  ];
  const middle = Math.floor(rows / 1000) * 500;
  for (let first = 0; first < rows; first += 500) {
    if (first === middle) lines.push(inItsMiddle);
    const values = Array.from(
      { length: Math.min(500, rows - first) },
      (_, index) => `(${first + index},'call number ${first + index}')`,
    );
    lines.push(`INSERT INTO calls VALUES ${values.join(',')};\n`);
  }
  lines.push('CREATE DATABASE IF NOT EXISTS `jtelstats`;\nUSE `jtelstats`;\nCREATE TABLE days (day DATE);\n');
  return lines.join('');
}

export function dump(rows: number): Buffer {
  return zstdCompressSync(Buffer.from(dumpText(rows) + endMarker));
}

export function heldDump(rows: number): Buffer {
  return zstdCompressSync(Buffer.from(dumpText(rows, waits) + endMarker));
}

/** A dump that was cut off: every statement is whole, only the end marker is missing. */
export function truncatedDump(rows: number): Buffer {
  return zstdCompressSync(Buffer.from(dumpText(rows)));
}

export type ArchiveEntry = Partial<Header> & { readonly name: string; readonly content?: string };

export async function archive(entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of entries)
    tar.entry({ mtime: new Date('2026-01-05T06:00:00Z'), ...header }, content ?? '');
  tar.finalize();
  return zstdCompressSync(await buffer(tar));
}

export const goodEntries: readonly ArchiveEntry[] = [
  { name: './', type: 'directory', mode: 0o755 },
  { name: 'announcements/', type: 'directory', mode: 0o750 },
  { name: 'announcements/welcome.wav', mode: 0o4644, content: 'welcome' },
  { name: 'announcements/default.wav', type: 'symlink', linkname: 'welcome.wav' },
  { name: 'skins/deep/logo.svg', mode: 0o600, content: '<svg/>' },
  {
    name: '.jtel-operator/marker.json',
    content: '{"loadID":"from-a-backup","state":"loaded","time":"2026-01-01T00:00:00Z"}',
  },
];
