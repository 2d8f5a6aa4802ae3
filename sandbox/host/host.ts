/**
 * A compose host of the sandbox: a container with its own sshd and Docker Engine that behaves like a
 * customer's machine. It is not privileged: it has only the capabilities that an inner Docker Engine needs.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { containerLog, ensureContainer, objectName } from '../context.ts';
import type { Outcome, SandboxContext } from '../context.ts';
import { addressOf } from '../network.ts';
import { buildImage } from '../../kit/image.ts';
import type { Docker, InspectedContainer } from '../../kit/docker.ts';
import { assertName, makePrivateDirectory, sandboxDirectory } from '../../kit/paths.ts';
import { poll } from '../../kit/poll.ts';
import { baseImageOf } from '../../kit/base-image.ts';
import { secretFiles } from '../secrets.ts';
import type { SandboxSecrets } from '../secrets.ts';

/** `compose`: Docker Engine and compose are installed. `bare`: they are not. */
export type HostKind = 'compose' | 'bare';

/** Version of Debian; each has its own Docker Engine. */
export type HostDebian = 12 | 13;

const suites = { 12: 'bookworm', 13: 'trixie' } as const;

export interface HostSpec {
  readonly name: string;
  /** Default: `compose`. */
  readonly kind?: HostKind;
  /** Default: 13. */
  readonly debian?: HostDebian;
  /** Docker's `data-root` is on a separate disk of this size, at `/srv/data/docker`. */
  readonly dataRootMiB?: number;
  /**
   * Gives the host a separate disk of this size, which can be filled up. It uses space only as it is written.
   */
  readonly diskMiB?: number;
}

/** How to reach a sandbox host by SSH. */
export interface SandboxHost {
  readonly name: string;
  readonly kind: HostKind;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH format. */
  readonly privateKey: string;
  readonly privateKeyPath: string;
  /** One line, as in a `known_hosts` after the address. */
  readonly hostPublicKey: string;
  /** `SHA256:…` */
  readonly hostKeyFingerprint: string;
  /** Name of the container, for `docker exec`. */
  readonly container: string;
  readonly running: boolean;
  readonly diskMiB?: number;
}

const capabilities =
  'SYS_ADMIN NET_ADMIN NET_RAW SYS_PTRACE SYS_MODULE MKNOD DAC_READ_SEARCH SYS_TIME IPC_LOCK'.split(' ');
const kindLabel = 'jtel.de/sandbox-host-kind';
const debianLabel = 'jtel.de/sandbox-host-debian';
const diskLabel = 'jtel.de/sandbox-host-disk-mib';
export const hostRole = 'host';

export async function ensureHostImage(
  docker: Docker,
  kind: HostKind,
  logFile: string,
  debian: HostDebian = 13,
): Promise<string> {
  const tag = `jtel-sandbox/host:${kind}${debian === 13 ? '' : `-${suites[debian]}`}`;
  const context = join(sandboxDirectory, 'images/host');
  const base = baseImageOf(suites[debian]);
  await buildImage(docker, { tag, context, buildArgs: { KIND: kind, BASE: base }, bases: [base], logFile });
  return tag;
}

/** Brings a host up and waits until its sshd and, on a `compose` host, its Docker Engine answer. */
export async function ensureHost(
  context: SandboxContext,
  secrets: SandboxSecrets,
  spec: HostSpec,
  address: string,
): Promise<Outcome> {
  const { name, kind = 'compose', debian = 13, diskMiB, dataRootMiB } = spec;
  assertName('host', name);
  await refuseOtherHost(context, spec);
  const disks = { [`${name}-docker`]: '/var/lib/docker', [`${name}-opt`]: '/opt/jtel' };
  const { outcome } = await ensureContainer(context, {
    part: name,
    role: hostRole,
    image: await ensureHostImage(context.docker, kind, join(context.directory, 'build.log'), debian),
    address,
    alias: `${name}.sandbox`,
    isMachine: true,
    volumes: {
      ...(diskMiB === undefined ? disks : {}),
      ...(diskMiB === undefined && dataRootMiB === undefined ? {} : { [`${name}-disk`]: '/var/lib/sandbox' }),
    },
    options: [
      [
        '--hostname',
        name,
        '--label',
        `${kindLabel}=${kind}`,
        '--label',
        `${debianLabel}=${debian}`,
        '--stop-timeout',
        '90',
      ],
      ['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
      ...capabilities.flatMap((capability) => ['--cap-add', capability]),
      ['--tmpfs', '/run:exec,mode=755'],
      ...(diskMiB === undefined
        ? []
        : ['--env', `SANDBOX_DISK_MIB=${wholeMiB(diskMiB)}`, '--label', `${diskLabel}=${diskMiB}`]),
      ...(dataRootMiB === undefined ? [] : ['--env', `SANDBOX_DATA_ROOT_MIB=${wholeMiB(dataRootMiB)}`]),
      ...(diskMiB === undefined && dataRootMiB === undefined ? [] : loopDevices),
    ].flat(),
  });
  await waitForHost(context, name, address);
  const install = 'install -m 600 -o jtel -g jtel /dev/stdin /home/jtel/.ssh/authorized_keys';
  await context.docker.exec(objectName(context.name, name), ['sh', '-c', install], {
    input: `${secrets.sshPublicKey}\n`,
  });
  return outcome;
}

/**
 * An existing host keeps its kind and disk. If another is wanted, that is an error rather than the end of its
 * data.
 */
async function refuseOtherHost(
  context: SandboxContext,
  { name, kind = 'compose', debian = 13, diskMiB }: HostSpec,
): Promise<void> {
  const labels = (await context.docker.container(objectName(context.name, name)))?.Config.Labels;
  if (!labels) return;
  const disk = labels[diskLabel];
  const hasDebian = labels[debianLabel] ?? '13';
  if (
    labels[kindLabel] === kind &&
    hasDebian === String(debian) &&
    (diskMiB === undefined || disk === String(diskMiB))
  )
    return;
  const is = `${labels[kindLabel]}, Debian ${hasDebian}, ${disk === undefined ? 'no disk of its own' : `a disk of ${disk} MiB`}`;
  throw new Error(
    `Host ${name} of sandbox ${context.name} is there already, but as another machine (${is}). ` +
      `Take the sandbox down first (\`node sandbox/cli.ts down --name ${context.name}\`), or use another name.`,
  );
}

/** Waits until a host has started: sshd greets, and Docker, if it is installed, answers. */
export async function waitForHost(context: SandboxContext, name: string, address: string): Promise<void> {
  try {
    await poll(`sshd of host ${name} at ${address}:22`, 180, () => greets(address, 22));
    const ready = 'test ! -x /usr/sbin/dockerd || docker version';
    const container = objectName(context.name, name);
    await poll(`the Docker Engine of host ${name}`, 180, async () => {
      return (await context.docker.tryRun(['exec', container, 'sh', '-c', ready])).code === 0;
    });
  } catch (error) {
    const engine = await context.docker.tryRun([
      'exec',
      objectName(context.name, name),
      'tail',
      '-n',
      '5',
      '/var/log/docker.log',
    ]);
    const said = `${await containerLog(context, name)}\n${engine.stdout}`.trim();
    throw new Error(`Host ${name} does not come up. It said:\n${said}`, { cause: error });
  }
}

/**
 * The hosts of a sandbox with their addresses: existing hosts keep theirs, new ones get the next free ones.
 */
export function assignAddresses(
  prefix: string,
  existing: readonly InspectedContainer[],
  names: readonly string[],
  sandbox: string,
): Map<string, string> {
  const taken = new Map<string, string>();
  for (const container of existing) {
    const address = configuredAddress(container);
    if (address !== undefined) taken.set(container.Name.replace(/^\//, ''), address);
  }
  const used = new Set(taken.values());
  const result = new Map<string, string>();
  let next: number = addressOf.firstHost;
  for (const name of names) {
    let address = taken.get(objectName(sandbox, name));
    while (address === undefined) {
      if (next > addressOf.lastHost)
        throw new Error(`sandbox ${sandbox} has no address left for host ${name}`);
      const candidate = `${prefix}.${next}`;
      next += 1;
      if (!used.has(candidate)) address = candidate;
    }
    used.add(address);
    result.set(name, address);
  }
  return result;
}

/** Describes a host from its container, even a stopped one. */
export async function describeHost(
  context: SandboxContext,
  secrets: SandboxSecrets,
  container: InspectedContainer,
): Promise<SandboxHost> {
  const name = container.Name.replace(`/${objectName(context.name, '')}`, '');
  const publicKeyFile = join(await makePrivateDirectory(join(context.directory, 'hosts')), `${name}.pub`);
  await context.docker.run(['cp', `${container.Id}:/etc/ssh/ssh_host_ed25519_key.pub`, publicKeyFile]);
  const hostPublicKey = (await readFile(publicKeyFile, 'utf8')).trim();
  const disk = container.Config.Labels[diskLabel];
  return {
    name,
    kind: container.Config.Labels[kindLabel] === 'bare' ? 'bare' : 'compose',
    address: configuredAddress(container) ?? '',
    port: 22,
    user: 'jtel',
    privateKey: secrets.sshPrivateKey,
    privateKeyPath: secretFiles(context.directory).privateKey,
    hostPublicKey,
    hostKeyFingerprint: fingerprint(hostPublicKey),
    container: container.Name.replace(/^\//, ''),
    running: container.State.Running,
    ...(disk === undefined ? {} : { diskMiB: Number(disk) }),
  };
}

/** OpenSSH's notation of a public key's fingerprint: `SHA256:` and base64 without padding. */
export function fingerprint(publicKeyLine: string): string {
  const blob = Buffer.from(publicKeyLine.split(/\s+/)[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function configuredAddress(container: InspectedContainer): string | undefined {
  return Object.values(container.NetworkSettings.Networks)[0]?.IPAMConfig?.IPv4Address;
}

/** Block major 7 and the loop-control device (char 10:237); see the kernel's devices.txt. */
const loopDevices = ['--device-cgroup-rule', 'b 7:* rwm', '--device-cgroup-rule', 'c 10:237 rwm'];

function wholeMiB(size: number): number {
  if (!Number.isInteger(size) || size < 64)
    throw new Error(`a disk's size in MiB must be a whole number of at least 64, not ${size}`);
  return size;
}

function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 2000 });
    const end = (answer: boolean): void => (socket.destroy(), resolve(answer));
    socket
      .once('data', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false))
      .once('close', () => end(false));
  });
}
