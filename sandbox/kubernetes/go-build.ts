/**
 * Builds a program of a Go module of this repository. It uses the machine's Go if that is recent enough to
 * fetch the tool chain that go.mod names; else Debian trixie's, in a container.
 */
import { access, constants, mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { optional } from '../../base/optional.ts';
import { baseImage, ensureBaseImage } from '../../kit/base-image.ts';
import type { Docker } from '../../kit/docker.ts';
import { buildImage } from '../../kit/image.ts';
import { findCommand } from '../../kit/packages.ts';
import { cacheDirectory, sandboxDirectory } from '../../kit/paths.ts';
import { run, tryRun } from '../../kit/process.ts';
import type { Progress } from '../../kit/progress.ts';
import { BuildProgress } from './build-progress.ts';

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

export interface GoProgram {
  /** Directory of its go.mod. */
  readonly module: string;
  /** Path of its package, or `.`. */
  readonly path: string;
  /** Another file with requirements than go.mod, e.g. `minimum.mod`. */
  readonly modFile?: string;
  /** Which Kubernetes it says that it is, e.g. `v1.37.2`. */
  readonly kubernetesVersion: string;
  /** Further variables of the program that its own build sets, such as its version. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Runs `go ARGS` in the module of a program. @returns what it printed. */
type Go = (args: readonly string[], onStderr?: (text: string) => void) => Promise<string>;

/** Builds a program to `file`, the first time with downloads. Shows how far it is. */
export async function buildGoProgram(
  docker: () => Promise<Docker>,
  program: GoProgram,
  file: string,
  progress: Progress,
): Promise<void> {
  const logFile = join(cacheDirectory, 'kubernetes-build.log');
  const found = await recentGo();
  if (found === undefined)
    progress.info('No Go ≥ 1.21 on this machine: building in a container with Debian’s');
  const { go, output } =
    found === undefined
      ? await goInContainer(await docker(), program, file, progress, logFile)
      : { go: goOfMachine(found, program, logFile), output: file };
  const title = basename(file);
  const downloads = new BuildProgress(title, 'modules downloaded', progress);
  const packages = await go(staleArguments(program), (text) => downloads.downloaded(text));
  const built = new BuildProgress(title, 'packages built', progress, packages.trim().split('\n').length);
  await go(buildArguments(program, output), (text) => built.compiled(text));
}

/**
 * Fetches the sources of a module, such as `github.com/derailed/k9s@v0.50.16`, for a file in it. Go keeps them, and checks
 * their sum. @returns their directory
 */
export async function fetchGoModule(
  docker: () => Promise<Docker>,
  module: string,
  progress: Progress,
): Promise<string> {
  const logFile = join(cacheDirectory, 'go-modules.log');
  const cache = join(cacheDirectory, 'go');
  await mkdir(cache, { recursive: true });
  // Go needs a place to run, whichever; it builds nothing there.
  const nothing: GoProgram = { module: cache, path: '.', kubernetesVersion: '' };
  const found = await recentGo();
  const go =
    found === undefined
      ? (await goInContainer(await docker(), nothing, join(cache, 'nothing'), progress, logFile)).go
      : goOfMachine(found, nothing, logFile);
  const { Dir: directory } = JSON.parse(await go(['mod', 'download', '-json', module])) as { Dir: string };
  return found === undefined ? join(cache, relative('/cache', directory)) : directory;
}

function goOfMachine(go: string, program: GoProgram, logFile: string): Go {
  const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' };
  return (args, onStderr) =>
    run([go, ...args], {
      cwd: program.module,
      env,
      timeoutSeconds: buildTimeoutSeconds,
      logFile,
      ...optional({ onStderr }),
    });
}

/**
 * Arguments for `go`; the flags are those of Kubernetes' own release build, as far as they change the binary. They are
 * the same for all programs, so that what was compiled for one is used again for the next.
 */
export function buildArguments(program: GoProgram, output: string): string[] {
  return ['build', '-v', ...flags(program), '-o', output, program.path];
}

/** Arguments for `go` that list, one a line, which packages are not in its cache: those that `go build -v` will name. */
function staleArguments(program: GoProgram): string[] {
  return ['list', '-deps', ...flags(program), '-f', '{{if .Stale}}{{.ImportPath}}{{end}}', program.path];
}

function flags({ modFile, kubernetesVersion, variables = {} }: GoProgram): string[] {
  const all = { 'k8s.io/component-base/version.gitVersion': kubernetesVersion, ...variables };
  const set = Object.entries(all).map(([name, value]) => ` -X ${name}=${value}`);
  const linker = `-s -w${set.join('')}`;
  const requirements = modFile === undefined ? [] : [`-modfile=${modFile}`];
  return [...requirements, '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linker];
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

/** @returns also the place of `file` as that Go sees it. */
async function goInContainer(
  docker: Docker,
  program: GoProgram,
  file: string,
  progress: Progress,
  logFile: string,
): Promise<{ readonly go: Go; readonly output: string }> {
  await ensureBaseImage(docker, progress);
  await buildImage(docker, {
    tag: builderImage,
    context: join(sandboxDirectory, 'images/go'),
    bases: [baseImage],
    logFile,
  });
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
    `type=bind,src=${program.module},dst=/module,readonly`,
    `type=bind,src=${dirname(file)},dst=/output`,
    `type=bind,src=${cache},dst=/cache`,
  ];
  const hasCertificates = await access(certificates, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (hasCertificates) mounts.push(`type=bind,src=${certificates},dst=${certificates},readonly`);
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const command = [
    ['run', '--rm', '--network', 'host', '--user', user, '--workdir', '/module'],
    ...environment.flatMap((variable) => ['--env', variable]),
    ...mounts.flatMap((mount) => ['--mount', mount]),
    [builderImage, 'go'],
  ].flat();
  const go: Go = (args, onStderr) =>
    docker.run([...command, ...args], {
      timeoutSeconds: buildTimeoutSeconds,
      logFile,
      ...optional({ onStderr }),
    });
  return { go, output: `/output/${basename(file)}` };
}
