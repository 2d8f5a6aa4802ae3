/** Reads a manifest that somebody named on a command line. */
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { UsageError } from '../../command-line/terminal.ts';

const maximumBytes = 1024 * 1024;

/**
 * @param file path, or `-` for standard input, if there is one.
 * @throws {UsageError} if it cannot be read, or is too big for a manifest
 */
export async function readTextFile(file: string, stdin?: Readable): Promise<string> {
  const tooBig = new UsageError(`${file} is too big for a manifest`);
  if (file === '-' && stdin !== undefined) {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maximumBytes) throw tooBig;
    }
    return Buffer.concat(chunks).toString();
  }
  try {
    if ((await stat(file)).size > maximumBytes) throw tooBig;
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
