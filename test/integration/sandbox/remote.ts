/** One command over SSH, with the host key pinned: what these tests need to see that a host is a host. */
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import type { SandboxHost } from '../../../sandbox/index.ts';

/** @returns what the command printed. Fails when it does not end with 0, or the host cannot be reached. */
export function onHost(
  host: SandboxHost,
  command: string,
  connectTimeoutMilliseconds = 10_000,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject).on('ready', () => {
      client.exec(command, (error, channel) => {
        if (error) return void reject(error);
        let said = '';
        channel.on('data', (chunk: Buffer) => (said += chunk.toString()));
        channel.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
        return void channel.on('close', (code: number | undefined) => {
          client.end();
          if (code === 0) resolve(said.trim());
          else reject(new Error(`${command} on ${host.name} ended with ${code}: ${said}`));
        });
      });
    });
    client.connect({
      host: host.address,
      port: host.port,
      username: host.user,
      privateKey: host.privateKey,
      readyTimeout: connectTimeoutMilliseconds,
      hostVerifier: (key: Buffer) =>
        `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}` ===
        host.hostKeyFingerprint,
    });
  });
}
