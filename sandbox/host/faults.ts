/** Injects faults into a compose host. Each function returns when its effect is there. */
import { objectName } from '../context.ts';
import type { SandboxContext } from '../context.ts';
import { waitForHost } from './host.ts';
import type { SandboxHost } from './host.ts';

export class HostFaults {
  readonly #context: SandboxContext;
  readonly #host: SandboxHost;
  readonly #container: string;

  constructor(context: SandboxContext, host: SandboxHost) {
    this.#context = context;
    this.#host = host;
    this.#container = objectName(context.name, host.name);
  }

  /** Shuts the host down cleanly. Its containers are stopped; data stay. */
  async stop(): Promise<void> {
    await this.#context.docker.run(['stop', this.#container]);
  }

  /** Pulls the plug: everything on the host ends at once. */
  async kill(): Promise<void> {
    await this.#context.docker.run(['kill', this.#container]);
  }

  /** Switches the host on and waits until it answers. */
  async start(): Promise<void> {
    await this.#context.docker.run(['start', this.#container]);
    await waitForHost(this.#context, this.#host.name, this.#host.address);
  }

  /** Shuts down and starts again. Address, host key and machine-id stay. It repairs a cut network. */
  async reboot(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Cuts the host off the network. Packets are dropped without an answer, as by a broken line or a firewall;
   * open connections hang. What runs on the host continues.
   */
  async cut(): Promise<void> {
    const rules = `
      table inet sandbox_cut
      delete table inet sandbox_cut
      table inet sandbox_cut {
        chain in { type filter hook prerouting priority -450; iifname "eth0" drop; }
        chain out { type filter hook postrouting priority 450; oifname "eth0" drop; }
      }`;
    await this.#exec(['nft', '-f', '-'], rules);
  }

  /** Undoes {@link cut}. */
  async mend(): Promise<void> {
    await this.#exec(['nft', '-f', '-'], 'table inet sandbox_cut\ndelete table inet sandbox_cut\n');
  }

  /**
   * Fills the host's disk (Docker's data and /opt/jtel) to the last block. Only a host with `diskMiB` can be
   * filled.
   */
  async fill(): Promise<void> {
    if (this.#host.diskMiB === undefined) {
      throw new Error(
        `Host ${this.#host.name} has no separate disk; make it with diskMiB (\`--disk\`), or the machine's disk would be filled.`,
      );
    }
    // Reserved blocks are never written, so the machine's disk stays free. The second file takes the last
    // bytes; without `sync` ext4 refuses before the last 250 KiB.
    const script = `
      free=$(df --output=avail -k /disk | tail -1)
      [ "$free" -lt 2048 ] || fallocate -l $((free - 1024))KiB /disk/fill-1
      dd if=/dev/zero of=/disk/fill-2 bs=4k oflag=append,sync conv=notrunc 2>/dev/null
      df -k /disk; [ "$(df --output=avail -k /disk | tail -1)" -eq 0 ]`;
    await this.#exec(['sh', '-c', script]);
  }

  /** Undoes {@link fill}. */
  async free(): Promise<void> {
    await this.#exec(['sh', '-c', 'rm -f /disk/fill-1 /disk/fill-2']);
  }

  /**
   * Gives the host another SSH host key, as a reinstalled or a false machine would have. Open connections
   * stay.
   */
  async changeHostKey(): Promise<void> {
    const script = `set -e; rm -f /etc/ssh/ssh_host_ed25519_key*
      ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
      pkill -HUP -o -x sshd`;
    await this.#exec(['sh', '-c', script]);
    await waitForHost(this.#context, this.#host.name, this.#host.address);
  }

  async #exec(command: readonly string[], input?: string): Promise<void> {
    await this.#context.docker.exec(this.#container, command, input === undefined ? {} : { input });
  }
}
