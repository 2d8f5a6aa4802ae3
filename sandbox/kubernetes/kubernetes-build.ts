/**
 * Builds a Kubernetes binary from the Go modules that `sandbox/kubernetes` pins. It uses the machine's Go if
 * that is recent enough to fetch the tool chain that go.mod names; else Debian trixie's, in a container.
 */
import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from '../../kit/docker.ts';
import { buildImage } from '../../kit/image.ts';
import { cacheDirectory, sandboxDirectory } from '../../kit/paths.ts';
import type { Progress } from '../../kit/progress.ts';
import { run, tryRun } from '../../kit/process.ts';
import { findCommand } from '../../kit/packages.ts';
import { baseImage, ensureBaseImage } from '../../kit/base-image.ts';

const modules = join(sandboxDirectory, 'kubernetes');
const builderImage = 'jtel-sandbox/go:trixie';
const buildTimeoutSeconds = 3600;
/** Machines behind a proxy pass it to Go in these. */
const passedOn = [
  'GOPROXY',
  'GOSUMDB',
  'GONOSUMDB',
  'GOPRIVATE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** Builds `name` to `file`: 20 s (kubectl) to 5 minutes (kube-apiserver) on 2 cores, the first time with downloads. */
export async function buildKubernetes(
  docker: () => Promise<Docker>,
  version: string,
  name: string,
  file: string,
  progress: Progress,
): Promise<void> {
  const logFile = join(cacheDirectory, 'kubernetes-build.log');
  const go = await recentGo();
  if (go !== undefined) {
    const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' };
    await run([go, ...buildArguments(version, name, file)], {
      cwd: modules,
      env,
      timeoutSeconds: buildTimeoutSeconds,
      logFile,
    });
    return;
  }
  progress.info('No Go ≥ 1.21 on this machine: building in a container with Debian’s');
  await buildInContainer(await docker(), version, name, file, progress, logFile);
}

/**
 * Arguments for `go`; the flags are those of Kubernetes' own release build, as far as they change the binary.
 */
export function buildArguments(version: string, name: string, output: string): string[] {
  const linker = `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
  return [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    linker,
    '-o',
    output,
    `k8s.io/kubernetes/cmd/${name}`,
  ];
}

/** Go has fetched the tool chain that go.mod names since 1.21. */
export function isRecentGo(version: string): boolean {
  const match = /\bgo(\d+)\.(\d+)/.exec(version);
  return match !== null && (Number(match[1]) > 1 || Number(match[2]) >= 21);
}

async function recentGo(): Promise<string | undefined> {
  const go = await findCommand('go');
  if (go === undefined) return undefined;
  const { code, stdout } = await tryRun([go, 'version']);
  return code === 0 && isRecentGo(stdout) ? go : undefined;
}

async function buildInContainer(
  docker: Docker,
  version: string,
  name: string,
  file: string,
  progress: Progress,
  logFile: string,
): Promise<void> {
  await ensureBaseImage(docker, progress);
  await buildImage(docker, {
    tag: builderImage,
    context: join(sandboxDirectory, 'images/go'),
    bases: [baseImage],
    logFile,
  });
  const output = join(file, '..');
  const cache = join(cacheDirectory, 'go');
  await mkdir(cache, { recursive: true });
  const environment = [
    'CGO_ENABLED=0',
    'GOTOOLCHAIN=auto',
    'GOPATH=/cache/path',
    'GOCACHE=/cache/build',
    'HOME=/cache',
  ];
  for (const variable of passedOn)
    if (process.env[variable]) environment.push(`${variable}=${process.env[variable]}`);
  const mounts = [
    `type=bind,src=${modules},dst=/modules,readonly`,
    `type=bind,src=${output},dst=/output`,
    `type=bind,src=${cache},dst=/cache`,
  ];
  const hasCertificates = await access(certificates, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (hasCertificates) mounts.push(`type=bind,src=${certificates},dst=${certificates},readonly`);
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  await docker.run(
    [
      ['run', '--rm', '--network', 'host', '--user', user, '--workdir', '/modules'],
      ...environment.flatMap((variable) => ['--env', variable]),
      ...mounts.flatMap((mount) => ['--mount', mount]),
      [builderImage, 'go', ...buildArguments(version, name, `/output/${name}`)],
    ].flat(),
    { timeoutSeconds: buildTimeoutSeconds, logFile },
  );
}
