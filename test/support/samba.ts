/** A real Samba in a container of its own: what a customer's file server does with a share. */
import { randomBytes } from 'node:crypto';
import { sambaImage, buildSamba } from '../../sandbox/stand-ins/images.ts';
import { ensureDocker } from '../../kit/docker-daemon.ts';
import { sandboxLabel, type Docker } from '../../kit/docker.ts';
import { silentProgress } from '../../kit/progress.ts';
import { waitFor } from './wait.ts';

export interface SambaOptions {
  /** After its last change, a file of share `worm` can still be changed for so long. Default 5. */
  readonly graceSeconds?: number;
  /** Share `plain` has room for so much. */
  readonly plainBytes?: number;
}

export class Samba implements AsyncDisposable {
  readonly docker: Docker;
  readonly container: string;
  readonly username = 'jtel';
  readonly password = `Pa ss'"\\$%${randomBytes(6).toString('hex')}`;

  private constructor(docker: Docker, name: string) {
    this.docker = docker;
    this.container = `${name}-${randomBytes(4).toString('hex')}`;
  }

  static async start(name: string, { graceSeconds, plainBytes }: SambaOptions = {}): Promise<Samba> {
    const docker = await ensureDocker(silentProgress);
    await buildSamba(docker, silentProgress);
    const samba = new Samba(docker, name);
    const label = ['--label', `${sandboxLabel}=${name}`];
    // Alone in a network, it has the same address after a restart.
    await docker.run(['network', 'create', ...label, samba.container]);
    const own = ['--name', samba.container, ...label, '--network', samba.container];
    const grace = graceSeconds === undefined ? [] : ['--env', `WORM_GRACE_SECONDS=${graceSeconds}`];
    const room = plainBytes === undefined ? [] : ['--tmpfs', `/srv/plain:size=${plainBytes}`];
    const password = ['--env', `SMB_PASSWORD=${samba.password}`];
    await docker.run(['run', '-d', ...own, ...password, ...grace, ...room, sambaImage]);
    await samba.answers();
    return samba;
  }

  /** As this machine reaches it. */
  async address(): Promise<string> {
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    return await this.docker.run(['container', 'inspect', '--format', format, this.container]);
  }

  async restart(): Promise<void> {
    await this.docker.run(['restart', '-t', '0', this.container]);
    await this.answers();
  }

  async answers(): Promise<void> {
    await waitFor('Samba to answer', async () => {
      const { code } = await this.docker.tryRun(['exec', this.container, 'healthy']);
      return code === 0;
    });
  }

  /** Commands of smbclient, as an owner of the share gives them. @returns what it prints; also its refusals */
  async client(share: 'plain' | 'worm', commands: string): Promise<string> {
    const script = `cd /tmp && USER=jtel PASSWD=$SMB_PASSWORD smbclient //127.0.0.1/${share} --command "$1" 2>&1`;
    const { stdout } = await this.docker.tryRun(['exec', this.container, 'sh', '-c', script, 'sh', commands]);
    return stdout;
  }

  /** Waits until the server's file was last changed so long ago. */
  async olderThan(file: string, seconds: number): Promise<void> {
    await waitFor(`${file} to be older than ${seconds} s`, async () => {
      const script = `test $(($(date +%s) - $(stat -c %Z ${file}))) -gt ${seconds}`;
      return (await this.docker.tryRun(['exec', this.container, 'sh', '-c', script])).code === 0;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker.remove(this.container);
    await this.docker.tryRun(['network', 'rm', this.container]);
  }
}
