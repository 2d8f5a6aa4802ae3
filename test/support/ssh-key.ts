/** SSH keys that OpenSSH made, for tests. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new private key, as text.
 * @param type for example `ed25519`
 * @param options further ones of ssh-keygen; `-N` with the passphrase, or with '' for none, must be among them
 */
export function sshKey(type: string, ...options: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'jtel-key-'));
  try {
    const file = join(directory, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', type, '-f', file, ...options]);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
}
