/** Peers of a no-change check: commands that people and tools run against a compose host over SSH. */
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Sandbox, SandboxHost } from '../../sandbox/index.ts';
import { cacheDirectory } from '../../kit/paths.ts';
import { run, tryRun, type RunOptions } from '../../kit/process.ts';
import type { BenchmarkContext, Contender, MissingPeer } from '../benchmark.ts';
import type { InstalledStack } from './installed-stack.ts';

const ansibleVersion = '2.19.4';

export async function preparePeers(
  { sandbox, host, project }: InstalledStack,
  { progress, atEnd }: BenchmarkContext,
): Promise<readonly (Contender | MissingPeer)[]> {
  const directory = await mkdtemp(join(tmpdir(), 'jtel-bench-'));
  atEnd(() => rm(directory, { recursive: true, force: true }));
  const options = [
    '-i',
    host.privateKeyPath,
    '-o',
    `UserKnownHostsFile=${join(directory, 'known_hosts')}`,
    '-o',
    'StrictHostKeyChecking=accept-new',
    '-o',
    'BatchMode=yes',
    '-o',
    'LogLevel=ERROR',
  ];
  const ps = ['docker', 'compose', '-p', project, 'ps'];
  const destination = `${host.user}@${host.address}`;
  const hasSSH = (await tryRun(['sh', '-c', 'command -v ssh'])).code === 0;
  const contenders: (Contender | MissingPeer)[] = [];
  if (hasSSH) {
    contenders.push(
      command('ssh host docker compose ps', ['ssh', ...options, '-p', String(host.port), destination, ...ps]),
    );
    // The docker command calls `ssh` and cannot pass a key, so its PATH has one that adds the options.
    const shim = join(directory, 'ssh');
    const real = (await run(['sh', '-c', 'command -v ssh'])).trim();
    await writeFile(
      shim,
      `#!/bin/sh\nexec ${real} ${options.map((option) => `'${option}'`).join(' ')} "$@"\n`,
    );
    await chmod(shim, 0o755);
    const environment = { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}` };
    const filter = ['--filter', `label=com.docker.compose.project=${project}`];
    contenders.push(
      command(
        'docker -H ssh://host ps',
        ['docker', '-H', `ssh://${destination}:${host.port}`, 'ps', ...filter],
        { env: environment },
      ),
    );
  } else {
    const missing = 'no ssh on this machine (Debian: openssh-client)';
    contenders.push(
      { name: 'ssh host docker compose ps', missing },
      { name: 'docker -H ssh://host ps', missing },
    );
  }
  contenders.push(
    await progress.step('Ansible, to compare with', async (note) => {
      const peer = await ansible(directory, options, sandbox, host, ps);
      note('missing' in peer ? peer.missing : 'ready');
      return peer;
    }),
  );
  return contenders;
}

/** Time of a whole command in milliseconds; it must succeed. */
function command(name: string, argv: readonly string[], options: RunOptions = {}): Contender {
  return {
    name,
    run: async () => {
      const start = performance.now();
      await run(argv, { timeoutSeconds: 60, ...options });
      return performance.now() - start;
    },
  };
}

/**
 * Ansible's command module, as `ansible -m command` calls it; Python's own package manager fetches it into
 * the cache.
 */
async function ansible(
  directory: string,
  sshOptions: readonly string[],
  { docker }: Sandbox,
  host: SandboxHost,
  ps: readonly string[],
): Promise<Contender | MissingPeer> {
  const name = "ansible's command module";
  const environment = join(cacheDirectory, `ansible-core-${ansibleVersion}`);
  const binary = join(environment, 'bin/ansible');
  if (!existsSync(binary)) {
    const made = await tryRun(['sh', '-c', 'exec python3 -m venv "$0"', environment], {
      timeoutSeconds: 120,
    });
    const installed =
      made.code === 0
        ? await tryRun(
            [join(environment, 'bin/pip'), 'install', '--quiet', `ansible-core==${ansibleVersion}`],
            { timeoutSeconds: 300 },
          )
        : made;
    if (installed.code !== 0) {
      await rm(environment, { recursive: true, force: true });
      return {
        name,
        missing: `cannot be installed here: ${installed.stderr.trim().split('\n').at(-1) ?? ''}`,
      };
    }
  }
  // Its modules are Python, which it copies to the host.
  const python = await docker.tryRun(
    [
      'exec',
      host.container,
      'sh',
      '-c',
      'command -v python3 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3; }',
    ],
    { timeoutSeconds: 300 },
  );
  if (python.code !== 0)
    return {
      name,
      missing: `no Python on the host, and it cannot be installed: ${python.stderr.trim().split('\n').at(-1) ?? ''}`,
    };
  const inventory = join(directory, 'inventory.ini');
  const ssh = sshOptions.filter((_, index) => index >= 2).join(' ');
  const variables = `ansible_host=${host.address} ansible_port=${host.port} ansible_user=${host.user} ansible_ssh_private_key_file=${host.privateKeyPath} ansible_ssh_common_args='${ssh}'`;
  await writeFile(inventory, `host ${variables}\n`);
  return command(name, [binary, 'host', '-i', inventory, '-m', 'command', '-a', ps.join(' ')], {
    env: { ...process.env, ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3' },
  });
}
