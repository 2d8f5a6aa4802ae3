/**
 * Calls the helper script on a host (script/host-common.sh, host.sh). Installs it if it is missing, under a
 * name with its digest, and turns its exit codes into HostErrors. Only constant text and checked values
 * become argv; everything else goes through stdin.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HostError } from '../host.ts';
import type { Fence, HostErrorReason } from '../host.ts';
import { commandLine } from '../ssh/quote.ts';
import type { Connection } from '../ssh/connection.ts';
import { ownerDigest, readState } from '../state.ts';
import { diskError, hangAdvice } from '../trouble.ts';
import { valid, validInteger } from '../values.ts';

// First what all verbs need, then what volumes hold, how containers start, and the verbs. The names are
// literal, so that the bundler of the image finds the files.
const hostScript = [
  readFileSync(new URL('host-common.sh', import.meta.url), 'utf8'),
  readFileSync(new URL('look.sh', import.meta.url), 'utf8'),
  readFileSync(new URL('host-start.sh', import.meta.url), 'utf8'),
  readFileSync(new URL('host.sh', import.meta.url), 'utf8'),
].join('');
const hostScriptSha256 = createHash('sha256').update(hostScript).digest('hex');
const hostScriptPath = `/opt/jtel/.bin/jtel-host-${hostScriptSha256}`;

/** The step still waited when somebody else wanted the host. */
const madeWayExit = 92;

/** Exit codes of script/host.sh, and of the wrappers below. */
const exits: Readonly<Record<number, HostErrorReason>> = {
  80: 'HostOwned',
  81: 'Fenced',
  82: 'MachineChanged',
  85: 'OutcomeUnknown',
  87: 'ComposeFailed',
  88: 'OutcomeUnknown',
  89: 'HostSetupFailed',
  90: 'DockerUnavailable',
  91: 'Moved',
  [madeWayExit]: 'OutcomeUnknown',
  94: 'DataMissing',
  95: 'DockerHangs',
};
const notInstalled = 93;
export const staleExit = 83;

/** A user without sudo is enough for a Preinstalled host, if the user owns /opt/jtel and may use Docker. */
const asRoot =
  'export LC_ALL=C; if [ -w /etc ] || [ -w /opt/jtel ]; then exec "$@"; else exec sudo -n "$@"; fi';
const call = `[ -x "$1" ] || exit ${notInstalled}; ${asRoot}`;
/** A lost connection leaves a shorter file behind. So the file gets its name only if the sum is right. */
const install = `umask 022; mkdir -p /opt/jtel/.bin && cd /opt/jtel/.bin && cat >".new.$$" && \
if [ "$(sha256sum <".new.$$")" = "$1  -" ]; then chmod 0755 ".new.$$" && mv -f ".new.$$" "jtel-host-$1"; else rm -f ".new.$$"; exit 1; fi`;

export type Verb =
  | 'claim'
  | 'put-state'
  | 'read-deployed'
  | 'write-release'
  | 'up'
  | 'stop'
  | 'retire'
  | 'destroy'
  | 'prune'
  | 'hold'
  | 'setup'
  | 'confirm-firewall'
  | 'keep-logs'
  | 'measure';

export interface Step {
  readonly verb: Verb;
  readonly project: string;
  readonly fence: Fence;
  readonly arguments?: readonly string[];
  readonly stdin?: string | Buffer;
  /** The reason for a step that failed by itself (exit code 84). Default OutcomeUnknown. */
  readonly failure?: HostErrorReason;
  /** Time limit for the step on the host, after it got the lock. */
  readonly timeoutSeconds: number;
}

/** The command line of a step. @throws InvalidValue before anything is sent. */
export function stepCommand(step: Step): string {
  const argv = [
    step.verb,
    valid('project', step.project),
    String(validInteger('epoch', step.fence.epoch, 0, Number.MAX_SAFE_INTEGER)),
    ownerDigest(step.fence.owner),
    String(validInteger('time-out', step.timeoutSeconds, 1, 86_400)),
    ...(step.arguments ?? []),
  ];
  return `exec ${commandLine(['sh', '-c', call, 'jtel', hostScriptPath, ...argv])}`;
}

/**
 * Installs the script after a call found it missing. @throws HostError SudoRefused, DiskFull or
 * HostUnreachable.
 */
async function installScript(connection: Connection, signal: AbortSignal): Promise<void> {
  const command = `exec ${commandLine(['sh', '-c', asRoot, 'jtel', 'sh', '-c', install, 'jtel', hostScriptSha256])}`;
  const result = await connection.execute(command, { stdin: hostScript, timeoutSeconds: 60 }, signal);
  if (result.code !== 0)
    throw stepError(connection.host, 'installing the helper script', result, 'HostUnreachable');
}

export interface StepResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Puts the sum before the data, and not into the arguments: everybody on the host can read those, and
 * somebody could guess the data from the sum.
 */
function summed(data: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${createHash('sha256').update(data).digest('hex')}\n`),
    Buffer.from(data),
  ]);
}

/** Runs one step under the host's lock. @returns its output, with exit code 0 or {@link staleExit}. @throws HostError. */
export async function runStep(connection: Connection, step: Step, signal: AbortSignal): Promise<StepResult> {
  const command = stepCommand(step);
  const options = {
    timeoutSeconds: step.timeoutSeconds + 120,
    ...(step.stdin === undefined ? {} : { stdin: summed(step.stdin) }),
  };
  let result = await connection.execute(command, options, signal);
  if (result.code === notInstalled) {
    await installScript(connection, signal);
    result = await connection.execute(command, options, signal);
  }
  const deadline = performance.now() + step.timeoutSeconds * 1000;
  while (result.code === madeWayExit && performance.now() < deadline)
    result = await connection.execute(command, options, signal);
  if ([0, staleExit].includes(result.code)) return result;
  throw stepError(
    connection.host,
    `${step.verb} of ${step.project}`,
    result,
    step.failure ?? 'OutcomeUnknown',
    step,
  );
}

/** @param otherwise the reason if the exit code says none. */
export function stepError(
  host: string,
  what: string,
  result: StepResult,
  otherwise: HostErrorReason,
  step?: Step,
): HostError {
  const detail = lastLines(result.stderr);
  const disk = diskError(host, what, wordsOfHost(result.stderr), detail);
  if (disk !== undefined) return disk;
  const reason = exits[result.code];
  if (reason === undefined) {
    if (/^sudo: /m.test(result.stderr) || (result.code === 127 && result.stderr.includes('sudo'))) {
      return new HostError(
        'SudoRefused',
        host,
        `sudo on ${host} refuses ${what}: allow the SSH user to run sudo without a password (${detail})`,
      );
    }
    return new HostError(
      otherwise,
      host,
      `${what} on ${host} failed with exit code ${result.code}: ${detail || 'no message'}`,
    );
  }
  return new HostError(
    reason,
    host,
    `${explain(reason, host, what, result, step)}${detail === '' ? '' : ` (${detail})`}`,
  );
}

function explain(
  reason: HostErrorReason,
  host: string,
  what: string,
  result: StepResult,
  step: Step | undefined,
): string {
  switch (reason) {
    case 'HostOwned': {
      const owner = readState(result.stdout).state?.owner;
      const whose =
        owner === undefined
          ? 'another stack'
          : `stack ${owner.namespace}/${owner.name} (uid ${owner.uid}, cluster ${owner.clusterID})`;
      return `${step?.project ?? 'the project'} on ${host} belongs to ${whose}: delete that one first, or use another host`;
    }
    case 'Fenced':
      return `${what} on ${host} was refused: another operator works on the host with a newer epoch, or the claim is gone; claim it again`;
    case 'MachineChanged':
      return `${what} was refused: ${host} is not the machine that was claimed`;
    case 'ComposeFailed':
      return `docker compose failed on ${host} (${what})`;
    case 'HostSetupFailed':
      return `set-up of ${host} failed; the whole log is /opt/jtel/${step?.project ?? '…'}/setup.log`;
    case 'Moved':
      return `${what} was refused: the stack was moved away from ${host} and must not run in two places`;
    case 'DataMissing':
      return `${step?.project ?? 'the project'} on ${host} is not started: the loaded data are gone, and empty volumes would take their place`;
    case 'DockerUnavailable':
      return `no Docker daemon answers on ${host}`;
    case 'DockerHangs':
      return `Docker on ${host} does not answer ${what}, although the host does: ${hangAdvice}`;
    default:
      return `${what} on ${host} did not finish in time: observe the host again`;
  }
}

/**
 * Leaves out what a container said (say_who_ended in host-common.sh), as it may mean a file system of its own. Its words
 * count where the host found one of its disks in such a state (say_where_full).
 */
function wordsOfHost(stderr: string): string {
  const start = stderr.indexOf('; its last lines:\n');
  const end = stderr.lastIndexOf('\ndocker compose said:\n');
  if (start < 0 || end < start) return stderr;
  const own = stderr.slice(0, start) + stderr.slice(end);
  return /^(?:read-only|full|no inodes left): \//m.test(own) ? stderr : own;
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-20).join('\n');
  return lines.slice(-2000);
}
