/**
 * Finds a Docker Engine on the machine: the running one, else Debian's. systemd starts that or, if there is
 * no systemd (a container, a minimal virtual machine), it runs as a detached process with a log and a pid
 * file in the cache.
 */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Docker } from './docker.ts';
import { withLock } from './lock.ts';
import { cacheDirectory, lockFile } from './paths.ts';
import type { Progress } from './progress.ts';
import { lastLines, run, tryRun } from './process.ts';
import { poll } from './poll.ts';
import { findCommand, installPackages } from './packages.ts';
import { asRoot } from './privilege.ts';

/** Connects to the machine's Docker Engine; installs and starts one if there is none. */
export async function ensureDocker(progress: Progress): Promise<Docker> {
  const running = await reachableDocker();
  if (running) return running;
  return await withLock(lockFile('docker'), async () => {
    const meanwhile = await reachableDocker();
    if (meanwhile) return meanwhile;
    if ((await findCommand('dockerd')) === undefined || (await findCommand('docker')) === undefined) {
      // Without Docker there is no base image either, so everything missing is announced and installed at
      // once.
      const debootstrap = (await findCommand('debootstrap')) === undefined ? ['debootstrap'] : [];
      await installPackages(
        ['docker.io', 'docker-cli?', 'iptables', ...debootstrap],
        'Docker Engine, base image',
        progress,
      );
    }
    return await progress.step('Docker Engine', async (note) => {
      // Installing the package starts the engine on a machine with systemd, and on some others.
      const started = (await reachableDocker()) ?? (await start());
      note('started');
      return started;
    });
  });
}

/** The running engine, with sudo if the user may not reach it directly; undefined if none answers. */
export async function reachableDocker(): Promise<Docker | undefined> {
  if ((await findCommand('docker')) === undefined) return undefined;
  if (await answers(['docker'])) return new Docker(['docker']);
  const prefix = await asRoot(['docker']).catch(() => undefined);
  return prefix && prefix.length > 1 && (await answers(prefix)) ? new Docker(prefix) : undefined;
}

async function answers(prefix: readonly string[]): Promise<boolean> {
  const version = tryRun([...prefix, 'version', '--format', '{{.Server.Version}}'], { timeoutSeconds: 20 });
  return (await version.catch(() => undefined))?.code === 0;
}

async function start(): Promise<Docker> {
  const init = (await readFile('/proc/1/comm', 'utf8')).trim();
  const log = join(cacheDirectory, 'dockerd.log');
  if (init === 'systemd') await run(await asRoot(['systemctl', 'start', 'docker']));
  else await startDetached(log);
  return await poll('the Docker Engine to answer', 180, reachableDocker).catch(async (error: unknown) => {
    const said =
      init === 'systemd' ? 'see `journalctl -u docker`' : lastLines(await readFile(log, 'utf8'), 15);
    throw new Error(`The Docker Engine does not start: ${said}`, { cause: error });
  });
}

async function startDetached(logFile: string): Promise<void> {
  await mkdir(cacheDirectory, { recursive: true });
  const dockerd = await findCommand('dockerd');
  if (dockerd === undefined) throw new Error('dockerd is missing although docker.io was installed');
  const [program, ...args] = await asRoot([dockerd, '--pidfile', join(cacheDirectory, 'dockerd.pid')]);
  const log = await open(logFile, 'a', 0o600);
  // A new user's PATH lacks /usr/sbin, where iptables lies.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
  spawn(program ?? dockerd, args, { detached: true, stdio: ['ignore', log.fd, log.fd], env }).unref();
  await log.close();
}
