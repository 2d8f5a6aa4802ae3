/**
 * Downloads the official Kubernetes binaries and checks their published SHA-256. No answer in time counts as
 * not reachable.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, fetch } from 'undici';
import type { Progress } from '../../kit/progress.ts';

const officialOrigin = 'https://dl.k8s.io';
const connectTimeoutMilliseconds = 4000;
const downloadTimeoutMilliseconds = 300_000;
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Downloads one binary to `file`. Returns false if the download cannot be reached or does not have the
 * version. A file with a wrong digest is an error and never used.
 */
export async function downloadKubernetes(
  version: string,
  name: string,
  file: string,
  progress: Progress,
  origin = officialOrigin,
): Promise<boolean> {
  const url = `${origin}/${version}/bin/linux/${architectures[process.arch] ?? process.arch}/${name}`;
  const dispatcher = new Agent({ connect: { timeout: connectTimeoutMilliseconds } });
  const signal = AbortSignal.timeout(downloadTimeoutMilliseconds);
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(3 * connectTimeoutMilliseconds)]);
    const published = await fetch(`${url}.sha256`, { dispatcher, signal: soon });
    if (!published.ok) return false;
    const expected = (await published.text()).trim().split(/\s/)[0] ?? '';
    const response = await fetch(url, { dispatcher, signal });
    if (!response.ok || response.body === null) return false;
    const hash = createHash('sha256');
    const tap = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(undefined, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), tap, createWriteStream(file));
    const actual = hash.digest('hex');
    if (actual !== expected)
      throw new DigestError(`${url} has SHA-256 ${actual}, published is ${expected}: not used`);
    await chmod(file, 0o755);
    return true;
  } catch (error) {
    if (error instanceof DigestError) throw error;
    progress.info(
      `${name} ${version} cannot be downloaded here (${error instanceof Error ? rootCause(error) : String(error)})`,
    );
    return false;
  } finally {
    await dispatcher.destroy();
  }
}

class DigestError extends Error {
  override readonly name = 'DigestError';
}

function rootCause(error: Error): string {
  return error.cause instanceof Error ? rootCause(error.cause) : error.message || error.name;
}
