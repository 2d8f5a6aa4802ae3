/**
 * A lock between processes: two sandboxes that come up at the same time build an image or Kubernetes once.
 * util-linux's flock holds it in a child process that ends with our end of its stdin, so a killed process
 * leaves no stale lock.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Waits for its turn, then runs `work` while nobody else on this machine holds `file`. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  const failed = ended.then(() => Promise.reject(new Error(`flock ${file} ended before the lock was taken`)));
  failed.catch(() => {});
  await Promise.race([once(holder.stdout, 'data'), failed]);
  holder.stdout.resume();
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
