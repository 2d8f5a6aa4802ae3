/** Other versions of Docker and compose than Debian's: built from their Go modules, and put in the place of Debian's on a test host. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lineProgress } from '../../../sandbox/index.ts';
import { ensureGoProgram } from '../../../sandbox/kubernetes/go-cache.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';

/** Names of folders beside this file, separated by commas. Set by the campaign for the test files that it runs. */
export const programsVariable = 'JTEL_HOST_PROGRAMS';

/** The Debian of the host, if it is not 13. Set as {@link programsVariable} is. */
export const debianVariable = 'JTEL_HOST_DEBIAN';
export const debian = process.env[debianVariable] === '12' ? 12 : 13;

interface Program {
  readonly module: string;
  /** Below the module. */
  readonly path: string;
  /** The variable that says its version, below the module. */
  readonly version: string;
  /** What people call that version, if the module's version is another. */
  readonly called?: string;
  /** Debian's, on the host. */
  readonly place: string;
  /** On the host, before it starts. */
  readonly needs?: string;
}

const place = { compose: '/usr/libexec/docker/cli-plugins/docker-compose', dockerd: '/usr/sbin/dockerd' };
const programs: Readonly<Record<string, Program>> = {
  'compose-5': {
    module: 'github.com/docker/compose/v5',
    path: 'cmd',
    version: 'internal.Version',
    place: place.compose,
  },
  // The module of Docker Engine 29 counts by itself.
  'docker-29': {
    module: 'github.com/moby/moby/v2',
    path: 'cmd/dockerd',
    version: 'dockerversion.Version',
    called: '29.0.0',
    place: place.dockerd,
    // Debian 13's runc 1.1 knows none. Docker's own packages bring a newer one.
    needs: `sed -i '1s|{|{ "features": { "time-namespaces": false },|' /etc/docker/daemon.json`,
  },
};

/** Builds a program unless the cache has it: minutes, and downloads. @returns its file */
async function ensureProgram(
  name: string,
): Promise<Pick<Program, 'place' | 'needs'> & { readonly file: string }> {
  const program = programs[name];
  if (program === undefined) throw new Error(`there is no program ${name}`);
  const folder = join(import.meta.dirname, name);
  const requirements = await readFile(join(folder, 'go.mod'), 'utf8');
  const version = new RegExp(`${program.module.replaceAll('.', '\\.')} (v\\S+)`).exec(requirements)?.[1];
  if (version === undefined) throw new Error(`${name}/go.mod does not require ${program.module}`);
  const file = await ensureGoProgram(
    {
      module: folder,
      path: `${program.module}/${program.path}`,
      kubernetesVersion: '',
      variables: { [`${program.module}/${program.version}`]: program.called ?? version },
      kept: `docker-versions/${version}/${name}`,
      title: `${name} (${version}) built from source (minutes, once)`,
    },
    lineProgress(),
  );
  return { ...program, file };
}

/** Puts what {@link programsVariable} names on a host; nothing if it is not set. */
export async function installPrograms({ sandbox, onHost }: DriverSandbox, host: string): Promise<void> {
  const names = (process.env[programsVariable] ?? '').split(',').filter(Boolean);
  for (const name of names) {
    const program = await ensureProgram(name);
    const { container } = sandbox.host(host);
    await onHost(host, 'service docker stop >/dev/null 2>&1');
    await sandbox.docker.run(['cp', program.file, `${container}:${program.place}`]);
    if (program.needs !== undefined) await onHost(host, program.needs);
    await onHost(
      host,
      'service docker start >/dev/null 2>&1; for i in $(seq 300); do docker version >/dev/null 2>&1 && exit 0; sleep 0.2; done; tail -5 /var/log/docker.log; exit 1',
    );
  }
  if (names.length > 0) process.stdout.write(`${await onHost(host, versions)}\n`);
}

const versions =
  "docker version -f 'Docker Engine {{.Server.Version}}, API {{.Server.APIVersion}}'; docker compose version";
